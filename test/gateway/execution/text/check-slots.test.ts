import { describe, expect, test } from 'vitest';
import type { ObjectShape } from '../../../../gateway/execution/shape.ts';
import { type CheckedFetch, checkSlots } from '../../../../gateway/execution/text/check-slots.ts';
import { FieldNode, ObjectNode, type ValueNode } from '../../../../gateway/execution/text/nodes.ts';
import type { Part, Piece, Place } from '../../../../gateway/execution/text/places.ts';
import type { KeyRange } from '../../../../gateway/execution/text/representations.ts';
import { textOf } from '../../../../gateway/execution/text/sink.ts';
import { Unfit } from '../../../../gateway/execution/text/unfit.ts';

const shapeOf = (typename: string): ObjectShape => ({
  typename,
  fields: [],
  complete: () => {
    throw new Error('on values');
  },
});
const leaf = (): ValueNode => ({ kind: 'leaf', nonNull: true, form: 'string', isKey: true });
const noted = (node: ObjectNode): ObjectNode => {
  node.noted = true;
  return node;
};

/** `{ items { name label } }`: `label` comes with an entity fetch by `id`; an item is a Book or a Film. */
const build = () => {
  const entity = noted(new ObjectNode(1, shapeOf('Item'), [new FieldNode('label', leaf())], -1));
  const [label] = entity.fields as [FieldNode];
  label.startSlot = entity.slot();
  label.endSlot = entity.slot();
  const kinds = ['Book', 'Film'].map((typename, type) => {
    const [id, name] = [new FieldNode('id', { kind: 'hidden' }), new FieldNode('name', leaf())];
    const node = noted(new ObjectNode(0, shapeOf(typename), [id, name], type));
    id.useAsKey(node.slot);
    name.startSlot = node.slot();
    name.endSlot = node.slot();
    const slot = node.slot();
    node.joins.push({ node: entity, slot, mark: 0, source: type });
    const key: KeyRange = { join: null, from: id.valueSlot, to: id.endSlot, before: textOf('') };
    const parts: Part[] = [
      { fetch: 0, by: 'self', slot: -1 },
      { fetch: 1, by: 'representation', slot },
    ];
    const pieces: Piece[] = [
      { kind: 'run', part: 0, from: name.startSlot, to: name.endSlot },
      { kind: 'run', part: 1, from: label.startSlot, to: label.endSlot },
    ];
    const source = { slot, told: `${typename} id`, entity: 0, keys: [key], needs: [] as number[] };
    return { id, name, node, place: { parts, pieces }, source };
  });
  const items = new FieldNode('items', {
    kind: 'list',
    nonNull: true,
    item: { kind: 'abstract', nonNull: true, objects: kinds.map(({ node }) => node) },
  });
  const query = noted(new ObjectNode(0, shapeOf('Query'), [items], -1));
  items.recordSlot = query.slot();
  const places: (Place | undefined)[] = kinds.map(({ place }) => place);
  const root: Place = {
    parts: [{ fetch: 0, by: 'root', slot: -1 }],
    pieces: [
      {
        kind: 'below',
        key: textOf('"items":'),
        part: 0,
        slot: items.recordSlot,
        below: { kind: 'list', item: { kind: 'abstract', places } },
      },
    ],
  };
  const fetches: CheckedFetch[] = [
    { nodes: [query], target: null, objects: [] },
    {
      nodes: [entity],
      target: { owner: 0, mark: 0, sources: kinds.map(({ source }) => source) },
      objects: kinds.map(({ node }) => node),
    },
  ];
  const [book, film] = kinds as [(typeof kinds)[0], (typeof kinds)[0]];
  return { root, fetches, query, items, places, book, film, entity, label };
};

type Built = ReturnType<typeof build>;

test('a plan in which all that is read is noted', () => {
  const { root, fetches } = build();
  expect(() => checkSlots(root, fetches)).not.toThrow();
});

describe('a plan is unfit in which', () => {
  test.each<[string, (built: Built) => void]>([
    [
      'a list is noted elsewhere than where it is read',
      ({ items, query }) => void Object.assign(items, { recordSlot: query.slot() }),
    ],
    [
      'a field is not noted by one of the types',
      ({ film }) => void Object.assign(film.name, { startSlot: -1 }),
    ],
    [
      'the end of a field is where another type has it',
      ({ film }) => void Object.assign(film.name, { endSlot: film.node.slot() }),
    ],
    ['one of the types has no record', ({ book }) => void Object.assign(book.node, { noted: false })],
    ['one of the types has no place', ({ places }) => void places.pop()],
    ['an entity does not note its field', ({ label }) => void Object.assign(label, { endSlot: -1 })],
    ['an entity has no record', ({ entity }) => void Object.assign(entity, { noted: false })],
    ['an object is not told to the fetch', ({ book }) => void book.node.joins.splice(0)],
    ['a representation is written elsewhere', ({ film }) => void Object.assign(film.source, { slot: 1 })],
    ['a key is not noted', ({ book }) => void Object.assign(book.id, { valueSlot: -1 })],
    [
      'a key is read of an entity that has none',
      ({ book, label }) => {
        const [key] = book.source.keys;
        const join = { fetch: 1, slot: book.source.slot };
        Object.assign(key!, { join, from: label.endSlot + 5, to: label.endSlot + 6 });
        book.source.needs.push(1);
      },
    ],
    [
      'a key comes with a fetch that is not waited for',
      ({ book, label }) =>
        void Object.assign(book.source.keys[0]!, {
          join: { fetch: 1, slot: book.source.slot },
          from: label.startSlot,
          to: label.endSlot,
        }),
    ],
    [
      'two fields have one number',
      ({ book }) => void Object.assign(book.id, { startSlot: book.name.startSlot }),
    ],
    [
      'a number is beyond the record',
      ({ film }) => void Object.assign(film.node, { size: film.node.size - 1 }),
    ],
    ['the root is of another fetch', ({ root }) => void Object.assign(root.parts[0]!, { fetch: 1 })],
  ])('%s', (_, spoil) => {
    const built = build();
    spoil(built);
    expect(() => checkSlots(built.root, built.fetches)).toThrow(Unfit);
  });

  test('types that need values are not looked at', () => {
    const { root, fetches, film } = build();
    film.node.fit = false;
    film.node.noted = false;
    film.name.startSlot = -1;
    expect(() => checkSlots(root, fetches)).not.toThrow();
  });
});
