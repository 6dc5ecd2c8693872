/** Milliseconds without an event after which the process sleeps. */
const awakeMs = 1;

let isAwake = false;
let hasCome = false;
let lastAt = 0;

/**
 * To be called at each event: the process then looks for more at once, until none has come for a while. Who sleeps between
 * two of them is woken by the gateway's write, and was seen to be put on the gateway's processor: both shared that one
 * for milliseconds while another idled.
 */
export const stayAwake = (): void => {
  hasCome = true;
  if (!isAwake) look();
};

const look = (): void => {
  const now = performance.now();
  if (hasCome) lastAt = now;
  hasCome = false;
  isAwake = now - lastAt < awakeMs;
  if (isAwake) setImmediate(look);
};
