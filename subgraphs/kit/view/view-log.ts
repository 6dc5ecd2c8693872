/** What the view says to its operator; a pino logger will do. */
export interface ViewLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}
