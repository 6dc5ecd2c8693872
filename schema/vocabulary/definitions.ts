import {
  type DefinitionNode,
  type DirectiveDefinitionNode,
  Kind,
  parse,
  type TypeDefinitionNode,
} from 'graphql';

/** The link that names the vocabulary. */
export const kafkaUrl = 'https://tributary.dev/kafka/v1.0';
/** The federation version that completion asks for where the SDL names none. */
export const federationUrl = 'https://specs.apollo.dev/federation/v2.9';

/**
 * The words that tie SDL to Kafka. Enums that only directives use are @inaccessible: composition would otherwise show
 * them to clients.
 */
const vocabularyText = `
"Records of this Kafka topic are values of the type."
directive @topic(
  "Name of the topic in Kafka."
  name: String!
  "Fields that make the record key, in order. One: its text. Several: a JSON array of their values."
  key: [String!]
  "COMPACT: the latest record of each key counts. DELETE: each record is an event."
  cleanup: kafka__Cleanup = DELETE
  "Partitions that the topic must have; checked against the cluster."
  partitions: Int
  "What becomes of a record that cannot be read."
  onInvalid: kafka__OnInvalid = DEAD_LETTER
  "Team that owns the topic; read by review."
  owner: String
) on OBJECT

"Rows can be filtered and ordered by this field."
directive @index on FIELD_DEFINITION

"Where in the record the field's value is, when it is not the value's member of the same name."
directive @record(
  "Path in the decoded value, its members separated by dots."
  field: String
  "A part of the record beside its value."
  part: kafka__Part
  "Name of a record header."
  header: String
) on FIELD_DEFINITION

"Answers from the view of a COMPACT topic. Arguments filter; \`first\` and \`after\` page."
directive @view(
  "Record fields that hold the key of the parent."
  on: [String!]
  "Fields, each with ASC (default) or DESC behind a space. The key breaks ties."
  orderBy: [String!]
) on FIELD_DEFINITION

"A live stream of a topic. Arguments filter; one of type Cursor says where to begin."
directive @consume(
  "Begin with the rows as they are; for @change types."
  snapshot: Boolean = false
  "How far back the position may reach, such as 90s, 30m, 24h or 7d. Default: as far as the topic does."
  replay: String
) on FIELD_DEFINITION

"Changes of the rows of a type with a COMPACT topic."
directive @change(of: String!) on OBJECT

"Writes a record. Arguments named like fields fill them; anything else needs a resolver."
directive @produce(
  "Type whose topic is written; default: the type that the field returns."
  type: String
) on FIELD_DEFINITION

enum kafka__Cleanup @inaccessible { COMPACT DELETE }
enum kafka__OnInvalid @inaccessible { DEAD_LETTER SKIP STOP }
enum kafka__Part @inaccessible { KEY OFFSET PARTITION TIMESTAMP }

"A position in a stream: a cursor that an event carried, EARLIEST, LATEST, or an RFC 3339 time."
scalar Cursor
"An RFC 3339 time, such as 2013-02-08T18:00:00Z."
scalar DateTime

"What an event of a change stream says."
enum ChangeKind {
  "Forget what you have: a snapshot follows."
  RESET
  "A row of the snapshot."
  SNAPSHOT
  "The snapshot is complete; changes follow."
  UP_TO_DATE
  "The row is new or changed."
  UPSERT
  "The row is gone, or no longer matches."
  DELETE
}
`;

export const pageInfoText = `
"Where a page ends."
type PageInfo @shareable { hasNextPage: Boolean! endCursor: String }
`;

/** The connection of a type, for SDL that names it without defining it. */
export const connectionText = (type: string): string => `
type ${type}Connection @shareable { nodes: [${type}!]! edges: [${type}Edge!]! pageInfo: PageInfo! }
`;

export const edgeText = (type: string): string => `
type ${type}Edge @shareable { cursor: String! node: ${type}! }
`;

/** Definitions without a place: they are in none of the user's files. */
export const parseDefinitions = (text: string): readonly DefinitionNode[] =>
  parse(text, { noLocation: true }).definitions;

const definitions = parseDefinitions(vocabularyText);

export const vocabularyDirectives: ReadonlyMap<string, DirectiveDefinitionNode> = new Map(
  definitions
    .filter((definition) => definition.kind === Kind.DIRECTIVE_DEFINITION)
    .map((definition) => [definition.name.value, definition]),
);

/** Scalars and enums, those that only directives use included. */
export const vocabularyTypes: ReadonlyMap<string, TypeDefinitionNode> = new Map(
  definitions
    .filter(
      (definition) =>
        definition.kind === Kind.SCALAR_TYPE_DEFINITION || definition.kind === Kind.ENUM_TYPE_DEFINITION,
    )
    .map((definition) => [definition.name.value, definition]),
);

/** What the federation link can import: its directives, as of v2.9. */
export const federationDirectives: ReadonlySet<string> = new Set([
  'authenticated',
  'composeDirective',
  'context',
  'cost',
  'extends',
  'external',
  'fromContext',
  'inaccessible',
  'interfaceObject',
  'key',
  'listSize',
  'override',
  'policy',
  'provides',
  'requires',
  'requiresScopes',
  'shareable',
  'tag',
]);
