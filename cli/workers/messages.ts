/** How the workers of a command stand together; /health/ready of each of them tells it. */
export interface Standing {
  readonly of: number;
  /** Those that are ready now. */
  readonly ready: number;
  /** All were ready once: from then on each answers for itself. */
  readonly started: boolean;
}

/** What a worker begins with. */
export interface Setup<Settings> {
  readonly settings: Settings;
  /** Others serve already, so it should get no clients before it is ready. */
  readonly joins: boolean;
  readonly standing: Standing;
  /** The last of the command's news; null when there are none yet. */
  readonly news: string | null;
}

export type FromPrimary<Settings> =
  | { readonly kind: 'SETUP'; readonly setup: Setup<Settings> }
  | { readonly kind: 'STANDING'; readonly standing: Standing }
  | { readonly kind: 'NEWS'; readonly news: string }
  /** Send so many clients away: others have fewer. */
  | { readonly kind: 'SHED'; readonly clients: number }
  | { readonly kind: 'STOP' };

/** HELLO asks for the setup, so that it cannot come before somebody listens for it. */
export type FromWorker =
  | { readonly kind: 'HELLO' }
  | { readonly kind: 'LISTENS'; readonly url: string }
  | { readonly kind: 'READY' }
  /** Each second: its loop turns, and so many clients are here. */
  | { readonly kind: 'ALIVE'; readonly clients: number };
