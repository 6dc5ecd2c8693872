import { Kind } from 'graphql';
import type { ViewDescription } from '../description.ts';
import { shapeOf } from './model.ts';
import type { ViewSite } from './view-site.ts';

/** Rows a page where the SDL says nothing. */
export const defaultPageSize = 50;
/** The largest page; also the most representations of one entity fetch (S17). */
export const maximumPageSize = 500;

/** From the argument `first`. A list without one gives as many rows as a page may have. */
export const pageSize = (
  { context: { mistakes }, coordinate, field }: ViewSite,
  shape: ViewDescription['shape'],
): Pick<ViewDescription, 'defaultFirst' | 'maximumFirst'> => {
  const first = field.arguments?.find(({ name }) => name.value === 'first');
  const after = field.arguments?.find(({ name }) => name.value === 'after');
  if (shape === 'ONE') return { defaultFirst: 1, maximumFirst: 1 };
  if (first !== undefined && (shapeOf(first.type).name !== 'Int' || shapeOf(first.type).item !== null)) {
    mistakes.add(first.type, `Argument "first" of ${coordinate} is a number of rows.`, 'Write first: Int.');
  }
  if (shape === 'CONNECTION' && after !== undefined) {
    const { name, item } = shapeOf(after.type);
    if ((name !== 'String' && name !== 'ID') || item !== null) {
      mistakes.add(
        after.type,
        `Argument "after" of ${coordinate} is an opaque text.`,
        'Write after: String.',
      );
    }
  }
  const noDefault = shape === 'LIST' && first === undefined ? maximumPageSize : defaultPageSize;
  const given = first?.defaultValue;
  const defaultFirst = given?.kind === Kind.INT ? Number(given.value) : noDefault;
  if (given !== undefined && (defaultFirst < 1 || defaultFirst > maximumPageSize)) {
    mistakes.add(
      given,
      `A page of ${coordinate} cannot have ${defaultFirst} rows.`,
      `Give a default from 1 to ${maximumPageSize}.`,
    );
  }
  return { defaultFirst, maximumFirst: maximumPageSize };
};
