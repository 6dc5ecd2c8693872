import type { OrderDescription } from '../description.ts';
import { didYouMean } from '../mistakes/index.ts';
import { textsArgument } from './model.ts';
import type { ViewSite } from './view-site.ts';

/** `@view(orderBy:)`: each entry a field, with ASC or DESC behind it when wanted. */
export const describeOrder = ({
  context,
  coordinate,
  node,
  topic,
}: ViewSite): readonly OrderDescription[] => {
  const orderable = topic.fields.filter(({ type }) => type.kind === 'scalar' || type.kind === 'enum');
  const names = orderable.map(({ name }) => name);
  return textsArgument(node, 'orderBy').flatMap((entry) => {
    const [name = '', direction = 'ASC', ...rest] = entry.trim().split(/\s+/);
    if (!names.includes(name)) {
      context.mistakes.add(
        node,
        `orderBy of ${coordinate} names "${name}", which is no scalar or enum of a record of ${topic.type}.`,
        didYouMean(name, names, `Name one of: ${names.join(', ')}.`),
      );
      return [];
    }
    if ((direction !== 'ASC' && direction !== 'DESC') || rest.length > 0) {
      context.mistakes.add(
        node,
        `orderBy of ${coordinate} has the entry "${entry}".`,
        `Write "${name}", "${name} ASC" or "${name} DESC".`,
      );
      return [];
    }
    return [{ field: name, descending: direction === 'DESC' }];
  });
};
