import { createHash } from 'node:crypto';

/**
 * The compare-and-set of the online store, for many entities in one call (semantics.md, "Online store").
 *
 * KEYS: per entity the key of its latest row and the key of its windows, in groups that delete rows also the key of
 * its deleted rows; all in one slot.
 * ARGV[1]: JSON in which every number is a string, because Lua's JSON would round it:
 * `[ttl_ms, [feature…], entity…]`, an entity being
 * `[horizon, version, known_at, leave, value…, (window_end, row)…]`: the rows ascending by window_end, then version,
 * known_at, leave and values being those of the last that is not deleted, nulls when there is none. A deleted row is its
 * version alone; in groups that delete rows, leave is always null. `horizon` is the greatest window_end that may be final; an empty ttl keeps rows for ever. Returns how
 * many rows were accepted, equal and stale.
 *
 * The floor: an entity's newest final row is kept for as long as it is the newest, the older ones go. Its text
 * ends in a space (which JSON ignores), so that a row below it is known to be one that was already dropped and
 * is not taken in again. Other rows without a stored version are new, whatever their window_end.
 *
 * Deleted rows: a sorted set of `version:window_end` by window_end, so that an older version of such a row is known
 * to be stale. When they are final they go, too; the newest of them, if no newer row is final, leaves its window_end
 * as the score of `floor`, up to which nothing is taken in again either.
 */
export const UPSERT_SCRIPT = `
local call, match, unpack, tonumber, null = redis.call, string.match, unpack, tonumber, cjson.null
local byte, sub, find, huge = string.byte, string.sub, string.find, math.huge
local keys = KEYS
local payload = cjson.decode(ARGV[1])
local ttl, names = payload[1], payload[2]
local width = #names
local first_row = 5 + width
local keys_each = #keys / (#payload - 2)
local accepted, equal, stale = 0, 0, 0
local fields = {'@end', '', '@version', '', '@known_at', ''}

-- Of a row, a deleted row, or a member of the set of these.
local function version_of(row) return tonumber(match(row, '^%[?(%d+)')) end
local function is_floor(row) return byte(row, -1) == 32 end
local function is_deleted(row) return byte(row) ~= 91 end

-- The stored window_ends: the field of each by its number, the least and the greatest.
local function stored_ends(windows_key)
  local ends, least, greatest = {}, huge, -huge
  local texts = call('HKEYS', windows_key)
  for i = 1, #texts do
    local w = tonumber(texts[i])
    ends[w] = texts[i]
    if w < least then least = w end
    if w > greatest then greatest = w end
  end
  return ends, least, greatest
end

local function deleted_floor(deleted_key)
  return tonumber(call('ZSCORE', deleted_key, 'floor') or -huge)
end

local function raise_deleted_floor(deleted_key, w)
  if w <= deleted_floor(deleted_key) then return end
  call('ZREMRANGEBYSCORE', deleted_key, '-inf', w)
  call('ZADD', deleted_key, w, 'floor')
end

-- Drops the rows below the newest final one and marks that one as the floor, which is returned.
local function prune(windows_key, ends, horizon)
  local floor = -huge
  for w in pairs(ends) do
    if w <= horizon and w > floor then floor = w end
  end
  if floor == -huge then return floor end
  local doomed, n = {}, 0
  for w, text in pairs(ends) do
    if w < floor then n = n + 1; doomed[n] = text end
  end
  for i = 1, n, 1000 do call('HDEL', windows_key, unpack(doomed, i, math.min(i + 999, n))) end
  local row = call('HGET', windows_key, ends[floor])
  if not is_floor(row) then call('HSET', windows_key, ends[floor], row .. ' ') end
  return floor
end

-- Deleted rows up to the floor need no memory, the other final ones no more than a floor of their own.
local function prune_deleted(deleted_key, horizon, floor)
  if floor > -huge then call('ZREMRANGEBYSCORE', deleted_key, '-inf', floor) end
  local newest = call('ZREVRANGEBYSCORE', deleted_key, horizon, '-inf', 'WITHSCORES', 'LIMIT', 0, 1)
  if newest[2] then raise_deleted_floor(deleted_key, tonumber(newest[2])) end
end

-- The last byte of the JSON string that starts at at.
local function string_end(json, at)
  at = find(json, '["\\\\]', at + 1)
  while byte(json, at) == 92 do at = find(json, '["\\\\]', at + 2) end
  return at
end

-- The last byte of the JSON value, within an array, that starts at at.
local function value_end(json, at)
  local depth = 0
  while true do
    local b = byte(json, at)
    if b == 34 then
      at = string_end(json, at)
    elseif b == 91 or b == 123 then
      depth = depth + 1
    elseif b == 93 or b == 125 then
      depth = depth - 1
    elseif depth == 0 then
      at = find(json, '[,%]]', at) - 1
    end
    if depth == 0 then return at end
    at = at + 1
  end
end

-- A row of the windows as the latest row holds it: version, known_at, no leave and the values, each as text.
local function cells_of(row)
  local cells, at = {}, 2
  for n = 1, width + 2 do
    local last = value_end(row, at)
    local text = sub(row, at, last)
    if byte(text) == 34 then
      text = cjson.decode('[' .. text .. ']')[1]
    elseif text == 'null' then
      text = null
    end
    cells[n] = text
    at = last + 2
  end
  table.insert(cells, 3, null)
  return cells
end

-- cells holds version, known_at, leave and the values from first on.
local function put_latest(latest_key, window_end, cells, first)
  fields[2], fields[4], fields[6] = window_end, cells[first], cells[first + 1]
  local n = 6
  if cells[first + 2] ~= null then
    fields[7], fields[8] = '@leave', cells[first + 2]
    n = 8
  end
  for f = 1, width do
    local value = cells[first + 2 + f]
    if value ~= null then
      fields[n + 1], fields[n + 2] = names[f], value
      n = n + 2
    end
  end
  call('HSET', latest_key, unpack(fields, 1, n))
  -- A feature that became null must vanish; asking is cheaper than deleting the row every time.
  if call('HLEN', latest_key) ~= n / 2 then
    call('DEL', latest_key)
    call('HSET', latest_key, unpack(fields, 1, n))
  end
end

for i = 1, #keys, keys_each do
  local latest_key, windows_key, deleted_key = keys[i], keys[i + 1], keys_each == 3 and keys[i + 2]
  local entity = payload[(i - 1) / keys_each + 3]
  local last = #entity - 1
  while deleted_key and last >= first_row and is_deleted(entity[last + 1]) do last = last - 2 end
  local ends, least, greatest, floor
  local taken, taken_last, added, removed = false, false, false, false
  for at = first_row, #entity - 1, 2 do
    local window_end, row = entity[at], entity[at + 1]
    local deleted = deleted_key and is_deleted(row)
    local stored = call('HGET', windows_key, window_end)
    local known, take = stored, false
    local w
    if not stored then
      w = tonumber(window_end)
      if not ends then
        ends, least, greatest = stored_ends(windows_key)
        floor = -huge
        if w < least and least < huge and is_floor(call('HGET', windows_key, ends[least])) then floor = least end
        if deleted_key then floor = math.max(floor, deleted_floor(deleted_key)) end
      end
      known = deleted_key and w > floor and call('ZRANGEBYSCORE', deleted_key, window_end, window_end)[1]
    end
    if known then
      if known == row then
        equal = equal + 1
      else
        local old, new = version_of(known), version_of(row)
        take = new > old
        if not take then
          if new == old then equal = equal + 1 else stale = stale + 1 end
        end
      end
    else
      take = w > floor
      if take and least == huge then
        -- No row is kept. A latest row without its windows is what an evicting server leaves.
        local latest = call('HMGET', latest_key, '@end', '@version')
        if latest[1] then
          greatest = tonumber(latest[1])
          take = w ~= greatest or version_of(row) > tonumber(latest[2])
        end
      end
      if take then added = true else stale = stale + 1 end
    end
    if take then
      accepted = accepted + 1
      taken = true
      if at == last then taken_last = true end
      if known and not stored then call('ZREM', deleted_key, known) end
      if deleted then
        removed = true
        call('HDEL', windows_key, window_end)
        if stored and is_floor(stored) then
          raise_deleted_floor(deleted_key, tonumber(window_end))
        else
          call('ZADD', deleted_key, window_end, row .. ':' .. window_end)
        end
      else
        if not stored then
          ends[w] = window_end
        elseif is_floor(stored) then
          row = row .. ' '
        end
        call('HSET', windows_key, window_end, row)
      end
    end
  end
  -- The latest row may be gone, or the last row may have been left out as an older one of a deleted row.
  if removed or (deleted_key and taken and not taken_last) then
    ends, least, greatest = stored_ends(windows_key)
    if greatest == -huge then
      call('DEL', latest_key)
    elseif not (taken_last and tonumber(entity[last]) == greatest) then
      local window_end = ends[greatest]
      local row = call('HGET', windows_key, window_end)
      local shown = call('HMGET', latest_key, '@end', '@version')
      if shown[1] ~= window_end or tonumber(shown[2]) ~= version_of(row) then
        put_latest(latest_key, window_end, cells_of(row), 1)
      end
    end
  end
  if taken_last then
    if not greatest then
      greatest = tonumber(call('HGET', latest_key, '@end') or nil)
      if not greatest then ends, least, greatest = stored_ends(windows_key) end
    end
    local window_end = entity[last]
    if tonumber(window_end) >= greatest then put_latest(latest_key, window_end, entity, 2) end
  end
  if added then
    local floor_now = prune(windows_key, ends, tonumber(entity[1]))
    if deleted_key then prune_deleted(deleted_key, entity[1], floor_now) end
  end
  if taken and ttl ~= '' then
    for key = i, i + keys_each - 1 do call('PEXPIRE', keys[key], ttl) end
  end
end
return {accepted, equal, stale}
`;

export const UPSERT_SCRIPT_SHA = createHash('sha1').update(UPSERT_SCRIPT).digest('hex');
