import { script } from './script.ts';

/**
 * Takes or keeps the lease to fill a partition again. KEYS meta, lease; ARGV token, time to live (ms), new id.
 * A store that is taken over gets a new id: who knew the old one learns that rows may have skipped states.
 * Returns 1 when the lease is held, then id and position.
 */
export const takeLease = script(`
local id, stored = unpack(redis.call('HMGET', KEYS[1], 'id', 'next'))
local held = 0
if redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2], 'NX') then
  held = 1
  if id then
    id = ARGV[3]
    redis.call('HSET', KEYS[1], 'id', id)
  end
elseif redis.call('GET', KEYS[2]) == ARGV[1] then
  held = 1
  redis.call('PEXPIRE', KEYS[2], ARGV[2])
end
return { held, id or '', tonumber(stored or 0) }
`);

/**
 * Gives the lease back. KEYS lease; ARGV token.
 */
export const releaseLease = script(`
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 0
`);

/**
 * Removes a partition that is as it was seen. KEYS meta and all else; ARGV a field of meta, and its value then.
 */
export const removePartition = script(`
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
for _, key in ipairs(KEYS) do redis.call('UNLINK', key) end
return 1
`);
