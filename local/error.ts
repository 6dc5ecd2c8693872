/** What can go wrong with the local cluster; each is one message with its cure. */
export type LocalErrorCode =
  | 'JAVA_MISSING'
  | 'JAVA_TOO_OLD'
  | 'MAVEN_MISSING'
  | 'DOWNLOAD_FAILED'
  | 'DISK_FULL'
  | 'PORT_IN_USE'
  | 'DIRECTORY_IN_USE'
  | 'BROKER_EXITED'
  | 'BROKER_SILENT'
  | 'COMPOSE_FAILED';

/** An error of the machine rather than of the program. The message says what, where and the cure; no stack is needed. */
export class LocalError extends Error {
  readonly code: LocalErrorCode;

  constructor(code: LocalErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'LocalError';
    this.code = code;
  }
}
