import { createHash } from 'node:crypto';

/** Lua that Redis runs as one step: nobody sees the half of it, and a kill leaves all of it or nothing. */
export interface Script {
  readonly text: string;
  /** By which Redis knows it once it has run. */
  readonly sha: string;
}

export const script = (text: string): Script => ({
  text,
  sha: createHash('sha1').update(text).digest('hex'),
});
