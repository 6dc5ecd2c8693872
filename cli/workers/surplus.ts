/** A worker that has no more than its share and this besides is left alone: clients are not sent away for little. */
const toleratedShare = 0.25;
const toleratedClients = 50;

/**
 * How many clients each worker is to send away. Connections are dealt out in turn, so only an end leaves them uneven: the
 * clients of a worker that was started again are with the others then, on fewer cores than there are.
 */
export const surplusOf = (clients: readonly number[]): readonly number[] => {
  const share = clients.reduce((sum, count) => sum + count, 0) / clients.length;
  const most = share * (1 + toleratedShare) + toleratedClients;
  return clients.map((count) => (count > most ? Math.floor(count - share) : 0));
};
