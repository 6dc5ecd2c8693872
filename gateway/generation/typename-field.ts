import { type FieldNode, Kind } from 'graphql';

/** `__typename`, to be selected besides. */
export const typenameField: FieldNode = {
  kind: Kind.FIELD,
  name: { kind: Kind.NAME, value: '__typename' },
};
