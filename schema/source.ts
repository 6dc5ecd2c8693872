/** One SDL file. */
export interface SdlSource {
  /** As it is shown in messages. */
  readonly file: string;
  readonly text: string;
}
