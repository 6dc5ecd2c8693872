/**
 * What a subgraph's SDL says of Kafka, as plain data: made by `describeSubgraph`, read by the kit, the CLI and review.
 */
export interface SubgraphDescription {
  readonly topics: readonly TopicDescription[];
  readonly views: readonly ViewDescription[];
  readonly streams: readonly StreamDescription[];
  readonly producers: readonly ProducerDescription[];
  readonly changes: readonly ChangeDescription[];
}

export type Cleanup = 'COMPACT' | 'DELETE';
export type OnInvalid = 'DEAD_LETTER' | 'SKIP' | 'STOP';

/** A type with `@topic`: how its records are found, keyed and mapped. */
export interface TopicDescription {
  /** GraphQL object type. */
  readonly type: string;
  /** Kafka topic. */
  readonly name: string;
  /** Fields whose values make the record key, in order. One field: its text; several: a JSON array of them. */
  readonly key: readonly string[];
  readonly cleanup: Cleanup;
  /** What the SDL declares; null when it says nothing. */
  readonly partitions: number | null;
  readonly onInvalid: OnInvalid;
  readonly fields: readonly RecordField[];
  /** Fields with `@index`, and those that `@view(on:)` names. */
  readonly indexes: readonly string[];
  /** Has `@key`, so `_entities` is answered from the view without code. Each entry: one set of key fields. */
  readonly entityKeys: readonly (readonly string[])[];
}

/** A field of the type that a record fills. Fields with arguments or `@view` are no record fields. */
export interface RecordField {
  readonly name: string;
  readonly source: RecordSource;
  readonly type: RecordFieldType;
}

export type RecordSource =
  | {
      readonly kind: 'value' /** Path in the decoded value, outermost first. */;
      readonly path: readonly string[];
    }
  | { readonly kind: 'key' | 'offset' | 'partition' | 'timestamp' }
  | { readonly kind: 'header'; readonly header: string };

export type RecordFieldType =
  | { readonly kind: 'scalar'; readonly name: string; readonly nonNull: boolean }
  | {
      readonly kind: 'enum';
      readonly name: string;
      readonly values: readonly string[];
      readonly nonNull: boolean;
    }
  /** An entity: the record holds its key. One key field: the row holds the bare key; several: an object of them. */
  | {
      readonly kind: 'reference';
      readonly name: string;
      readonly key: readonly string[];
      readonly nonNull: boolean;
    }
  | {
      readonly kind: 'object';
      readonly name: string;
      readonly fields: readonly RecordField[];
      readonly nonNull: boolean;
    }
  | { readonly kind: 'list'; readonly item: RecordFieldType; readonly nonNull: boolean };

/** One argument that narrows rows or events. `value` of FROM is inclusive, of BEFORE exclusive. */
export interface FilterDescription {
  readonly argument: string;
  /** Record field that it is compared with. */
  readonly field: string;
  readonly operator: 'EQUAL' | 'IN' | 'FROM' | 'BEFORE';
}

export interface OrderDescription {
  readonly field: string;
  readonly descending: boolean;
}

/** A field with `@view`. */
export interface ViewDescription {
  readonly parent: string;
  readonly field: string;
  /** Type with `@topic` whose rows it serves. */
  readonly type: string;
  readonly shape: 'ONE' | 'LIST' | 'CONNECTION';
  readonly filters: readonly FilterDescription[];
  /** `@view(on:)`: record fields that hold the parent's key, with the parent's key field of each. */
  readonly on: readonly { readonly field: string; readonly parentField: string }[];
  readonly orderBy: readonly OrderDescription[];
  /** Rows a page when `first` is not given; `first` above `maximumFirst` is refused. */
  readonly defaultFirst: number;
  readonly maximumFirst: number;
}

/** A subscription field with `@consume`. */
export interface StreamDescription {
  readonly field: string;
  /** Type that the field returns: a topic's type or a `@change` type. */
  readonly payload: string;
  /** Type with `@topic` whose records it streams. */
  readonly type: string;
  readonly change: ChangeDescription | null;
  readonly filters: readonly FilterDescription[];
  /** Name of the argument of type Cursor; null when there is none. */
  readonly fromArgument: string | null;
  readonly snapshot: boolean;
  /** How far back `from` may reach, in milliseconds; null: as far as the topic does. */
  readonly replayMs: number | null;
}

/** A type with `@change`, and which of its fields are what. */
export interface ChangeDescription {
  readonly type: string;
  readonly of: string;
  readonly kindField: string;
  readonly keyField: string | null;
  readonly valueField: string | null;
}

/** A mutation field with `@produce`. */
export interface ProducerDescription {
  readonly field: string;
  /** Type with `@topic` to which it appends; null where a resolver decides. */
  readonly type: string;
  /** Arguments copied into the record, by record field. Empty where a resolver makes the record. */
  readonly arguments: readonly { readonly argument: string; readonly field: string }[];
}

/** One mistake in the SDL. */
export interface SchemaMistake {
  readonly message: string;
  readonly cure: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
}
