import { script } from './script.ts';

/**
 * Applies one batch of a partition (S27): refuses it when the store is behind its begin, skips what the store has,
 * applies the rest and advances. Tells for each record the row that it replaced; for a skipped one from the log.
 *
 * KEYS: as `ViewKeys.all` lists them.
 * ARGV: 1 the id of a store that is made now, 2 offset where the batch begins, 3 offset where it ends, 4 time to live,
 * 5 retention of tombstones, 6 retention of first results (all in ms), 7 entries of the log, 8 token of the lease or '',
 * 9 the columns of each index as `1,2;3;`, 10 leader epoch of the last record, −1 unknown; then for each record: key, offset, timestamp, state, row, idempotency key
 * or '', columns (each with its length before it).
 * Answers 0, id, position when the store ends before the batch begins; else 1, id, position, and for each record the
 * head and row that it replaced, '' where there was none, false where that is not known any more.
 */
export const applyScript = script(String.raw`
local meta, rows, offsets, tombstones, log, lease, firsts, firstNames, firstTimes = unpack(KEYS, 1, 9)
local firstIndex, firstRecord, recordSize = 10, 11, 7
local from, until_, epoch = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[10])

local id, stored, storedEpoch, live = unpack(redis.call('HMGET', meta, 'id', 'next', 'epoch', 'live'))
stored, storedEpoch, live = tonumber(stored or 0), tonumber(storedEpoch or -1), tonumber(live or 0)
if from > stored then
  return { 0, id or '', stored }
end

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

if not id then
  -- What an expired or evicted store left behind must not be taken for the rows of the new one.
  for i, key in ipairs(KEYS) do
    if key ~= lease then redis.call('UNLINK', key) end
  end
  id = ARGV[1]
  redis.call('HSET', meta, 'id', id)
end

local indexes = {}
for list in string.gmatch(ARGV[9], '([%d,]*);') do
  local columns = {}
  for column in string.gmatch(list, '%d+') do columns[#columns + 1] = tonumber(column) end
  indexes[#indexes + 1] = columns
end

local function columnsOf(packed)
  local columns, at = {}, 1
  while at <= #packed do
    columns[#columns + 1], at = struct.unpack('>I4c0', packed, at)
  end
  return columns
end

local function member(index, columns, keyEnd)
  local parts = {}
  for i, column in ipairs(index) do parts[i] = columns[column] end
  local prefix = table.concat(parts)
  return prefix .. keyEnd .. struct.pack('>I4', #prefix)
end

local function endOf(key)
  return string.gsub(key, '%z', '\0\255') .. '\0\1'
end

-- packedOld and packedNew: nil where the row is in no index, being deleted or unreadable.
local function reindex(key, packedOld, packedNew)
  if packedOld == packedNew then return end
  local keyEnd = endOf(key)
  local before = packedOld and columnsOf(packedOld)
  local after = packedNew and columnsOf(packedNew)
  for i, index in ipairs(indexes) do
    local was = before and member(index, before, keyEnd)
    local is = after and member(index, after, keyEnd)
    if was ~= is then
      local set = KEYS[firstIndex + i - 1]
      if was then redis.call('ZREM', set, was) end
      if is then redis.call('ZADD', set, 0, is) end
    end
  end
end

-- A stored row is its head (state, offset, timestamp, length of the row), the row, and its columns.
local function split(value)
  local length, start = string.match(value, '^%d,%d+,%-?%d+,(%d+),()')
  local last = start + length - 1
  return string.sub(value, 1, last), string.sub(value, last + 1)
end

local function forgetFirst(name)
  redis.call('HDEL', firsts, name)
  redis.call('ZREM', firstNames, name)
  redis.call('ZREM', firstTimes, name)
end

local function keepFirst(key, idempotencyKey, value)
  local name = endOf(key) .. idempotencyKey
  if redis.call('HSETNX', firsts, name, value) == 1 then
    redis.call('ZADD', firstNames, 0, name)
    redis.call('ZADD', firstTimes, now, name)
  end
end

local function apply(at)
  local key, offset, timestamp, state, row, idempotencyKey, packed = unpack(ARGV, at, at + recordSize - 1)
  local previous = redis.call('HGET', rows, key)
  local old, packedOld, oldState = '', nil, nil
  if previous then
    oldState = string.sub(previous, 1, 1)
    local head, columns = split(previous)
    if oldState == '0' then packedOld = columns end
    if oldState ~= '1' then old = head end
  end
  local head = state .. ',' .. offset .. ',' .. timestamp .. ',' .. #row .. ','
  redis.call('HSET', rows, key, head .. row .. packed)
  redis.call('ZADD', offsets, offset, key)
  if state == '1' then
    redis.call('ZADD', tombstones, now, key)
    local keyEnd = endOf(key)
    for _, name in ipairs(redis.call('ZRANGEBYLEX', firstNames, '[' .. keyEnd, '(' .. keyEnd .. '\255')) do
      forgetFirst(name)
    end
  elseif oldState == '1' then
    redis.call('ZREM', tombstones, key)
  end
  reindex(key, packedOld, state == '0' and packed or nil)
  if state == '0' then live = live + 1 end
  if oldState == '0' then live = live - 1 end
  if idempotencyKey ~= '' then keepFirst(key, idempotencyKey, head .. row) end
  redis.call('XADD', log, 'MAXLEN', '~', ARGV[7], string.format('%.0f-0', tonumber(offset) + 1), 'o', old)
  return old
end

local olds, skipped = {}, 0
for at = firstRecord, #ARGV, recordSize do
  if tonumber(ARGV[at + 1]) < stored then
    olds[#olds + 1] = false
    skipped = skipped + 1
  else
    olds[#olds + 1] = apply(at)
  end
end

if skipped > 0 then
  local function entry(record)
    return string.format('%.0f-0', tonumber(ARGV[firstRecord + (record - 1) * recordSize + 1]) + 1)
  end
  local known = {}
  for _, item in ipairs(redis.call('XRANGE', log, entry(1), entry(skipped))) do known[item[1]] = item[2][2] end
  for record = 1, skipped do olds[record] = known[entry(record)] or false end
end

for _, key in ipairs(redis.call('ZRANGEBYSCORE', tombstones, '-inf', now - tonumber(ARGV[5]), 'LIMIT', 0, 100)) do
  redis.call('HDEL', rows, key)
  redis.call('ZREM', offsets, key)
  redis.call('ZREM', tombstones, key)
end

for _, name in ipairs(redis.call('ZRANGEBYSCORE', firstTimes, '-inf', now - tonumber(ARGV[6]), 'LIMIT', 0, 100)) do
  forgetFirst(name)
end

if until_ > stored then
  stored, storedEpoch = until_, math.max(storedEpoch, epoch)
end
redis.call('HSET', meta, 'next', string.format('%.0f', stored), 'epoch', storedEpoch, 'live', live)
redis.call('HSET', meta, 'at', string.format('%.0f', now))
for i, key in ipairs(KEYS) do
  if key ~= lease then redis.call('PEXPIRE', key, ARGV[4]) end
end
if ARGV[8] ~= '' and redis.call('GET', lease) == ARGV[8] then
  redis.call('PEXPIRE', lease, 10000)
end
return { 1, id, stored, unpack(olds) }
`);
