import { describe } from 'vitest';
import { answers, federation2 } from './served.ts';

const v2 = federation2('@key', '@external', '@requires', '@shareable', '@extends', '@provides');
const users = [
  { id: 'u1', name: 'Ünal', email: 'u@1' },
  { id: 'u2', name: null, email: 'u@2' },
];

describe('federation 1 beside federation 2', () => {
  answers(
    {
      users: {
        typeDefs: `
          extend type Query { me: User everybody: [User] }
          type User @key(fields: "id") @key(fields: "email") { id: ID! email: String! name: String }`,
        resolvers: {
          Query: { me: () => users[0], everybody: () => [...users, null] },
          User: {
            __resolveReference: ({ id, email }: { id?: string; email?: string }) =>
              users.find((user) => user.id === id || user.email === email),
          },
        },
      },
      reviews: {
        typeDefs: `
          extend type User @key(fields: "email") {
            email: String! @external name: String @external
            reviews: [Review!] greeting: String @requires(fields: "name")
          }
          type Review @key(fields: "id") { id: ID! text: String! author: User @provides(fields: "name") }
          extend type Query { reviews: [Review] }`,
        resolvers: {
          Query: { reviews: () => [{ id: 'r1', text: 'T', author: { email: 'u@2', name: 'given' } }] },
          User: {
            reviews: ({ email }: { email: string }) => [
              { id: `r ${email}`, text: 'T', author: { email, name: 'given' } },
            ],
            greeting: ({ name }: { name: string | null }) => `Hello ${name}`,
          },
        },
      },
      ratings: {
        typeDefs: `${v2}
          type User @key(fields: "id") @extends { id: ID! @external points: Int! }
          type Review @key(fields: "id") { id: ID! stars: Int }`,
        resolvers: {
          User: { points: ({ id }: { id: string }) => id.charCodeAt(1) },
          Review: { stars: ({ id }: { id: string }) => id.length },
        },
      },
    },
    {
      'by another key than the other one': {
        query: '{ me { points reviews { stars text author { points } } } }',
        data: { me: { points: 49, reviews: [{ stars: 5, text: 'T', author: { points: 49 } }] } },
      },
      '@requires': {
        query: '{ everybody { greeting name } }',
        data: {
          everybody: [{ greeting: 'Hello Ünal', name: 'Ünal' }, { greeting: 'Hello null', name: null }, null],
        },
      },
      '@provides': {
        query: '{ reviews { author { name } } }',
        data: { reviews: [{ author: { name: 'given' } }] },
        asked: ['reviews'],
      },
    },
  );
});
