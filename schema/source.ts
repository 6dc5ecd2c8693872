/** One SDL file. */
export interface SchemaSource {
  /** As it is shown in messages. */
  readonly file: string;
  readonly text: string;
}
