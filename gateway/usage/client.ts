/** What a client says of itself; nothing is checked. Null: it does not say. */
export interface ClientIdentity {
  readonly name: string | null;
  readonly version: string | null;
}

export const unknownClient: ClientIdentity = { name: null, version: null };

/** In order of preference. The last is of a `connection_init` payload: headers are lower-case. */
const nameKeys = ['apollographql-client-name', 'graphql-client-name', 'clientName'];
const versionKeys = ['apollographql-client-version', 'graphql-client-version', 'clientVersion'];

/** Characters of a name or version; the rest is cut off. */
const maximumLength = 100;

/** Reads headers, or the payload of `connection_init`. */
export const clientOf = (given: Readonly<Record<string, unknown>>): ClientIdentity => {
  const name = firstText(given, nameKeys);
  const version = firstText(given, versionKeys);
  return name === null && version === null ? unknownClient : { name, version };
};

const firstText = (given: Readonly<Record<string, unknown>>, keys: readonly string[]): string | null => {
  for (const key of keys) {
    const value = given[key];
    if (typeof value !== 'string') continue;
    const text = value
      .slice(0, maximumLength)
      // Neither line ends nor what turns the direction of a terminal.
      .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '')
      .trim();
    if (text !== '') return text;
  }
  return null;
};
