import { script } from './script.ts';

/**
 * What is known of a partition. KEYS meta. Returns id, position, time of the last write (ms, '' when there was none),
 * leader epoch of the last record (−1 unknown).
 */
export const readMeta = script(`
local id, stored, at, epoch = unpack(redis.call('HMGET', KEYS[1], 'id', 'next', 'at', 'epoch'))
return { id or '', tonumber(stored or 0), at or '', tonumber(epoch or -1) }
`);

/**
 * The stored rows of some keys of a partition, with the store's id, its position and how many rows it has.
 * KEYS meta, rows; ARGV keys. Returns id, position, count, row (false where there is none)...
 */
export const readKeys = script(`
local id, stored, live = unpack(redis.call('HMGET', KEYS[1], 'id', 'next', 'live'))
local found = #ARGV > 0 and redis.call('HMGET', KEYS[2], unpack(ARGV)) or {}
return { id or '', tonumber(stored or 0), tonumber(live or 0), unpack(found) }
`);

/**
 * The stored rows of a partition by offset. KEYS meta, rows, offsets; ARGV first offset, how many, bytes: at least one.
 * Returns id, position, whether there is more (1 or 0), bytes, keys, rows.
 */
export const readOffsets = script(`
local id, stored = unpack(redis.call('HMGET', KEYS[1], 'id', 'next'))
local limit, most = tonumber(ARGV[2]), tonumber(ARGV[3])
local keys, bytes, more = {}, 0, 0
for i, key in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], ARGV[1], '+inf', 'LIMIT', 0, limit + 1)) do
  local size = #key + redis.call('HSTRLEN', KEYS[2], key)
  if i > limit or (i > 1 and bytes + size > most) then
    more = 1
    break
  end
  bytes = bytes + size
  keys[i] = key
end
local rows = #keys > 0 and redis.call('HMGET', KEYS[2], unpack(keys)) or {}
return { id or '', tonumber(stored or 0), more, bytes, keys, rows }
`);

/**
 * The stored rows of a partition in the order of an index. KEYS meta, rows, index.
 * ARGV for each range: first member (inclusive), last (exclusive), how many.
 * Returns id, position, then for each range: members, keys, rows.
 */
export const readIndex = script(String.raw`
local id, stored = unpack(redis.call('HMGET', KEYS[1], 'id', 'next'))
local answer = { id or '', tonumber(stored or 0) }
for at = 1, #ARGV, 3 do
  local members =
    redis.call('ZRANGEBYLEX', KEYS[3], '[' .. ARGV[at], '(' .. ARGV[at + 1], 'LIMIT', 0, ARGV[at + 2])
  local keys = {}
  for i, member in ipairs(members) do
    local start = struct.unpack('>I4', member, #member - 3)
    keys[i] = string.gsub(string.sub(member, start + 1, -7), '%z\255', '\0')
  end
  local rows = #keys > 0 and redis.call('HMGET', KEYS[2], unpack(keys)) or {}
  answer[#answer + 1] = members
  answer[#answer + 1] = keys
  answer[#answer + 1] = rows
end
return answer
`);

/** What a record wrote first with an idempotency key. KEYS meta, firsts; ARGV name. Returns id, position, row or false. */
export const readFirst = script(`
local id, stored = unpack(redis.call('HMGET', KEYS[1], 'id', 'next'))
return { id or '', tonumber(stored or 0), redis.call('HGET', KEYS[2], ARGV[1]) }
`);
