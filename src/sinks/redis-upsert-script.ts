import { createHash } from 'node:crypto';

/**
 * The compare-and-set of the online store, for many entities in one call (semantics.md, "Online store").
 *
 * KEYS: per entity the key of its latest row and the key of its windows, both in one slot.
 * ARGV[1]: JSON in which every number is a string, because Lua's JSON would round it:
 * `[ttl_ms, [feature…], entity…]`, an entity being
 * `[horizon, known_at, version, value…, (window_end, row)…]`: the rows ascending by window_end, then known_at,
 * version and values being those of the last. `horizon` is the greatest window_end that may be final; an empty ttl
 * keeps rows for ever. Returns how many rows were accepted, equal and stale.
 *
 * The floor: an entity's newest final row is kept for as long as it is the newest, the older ones go. Its text
 * ends in a space (which JSON ignores), so that a row below it is known to be one that was already dropped and
 * is not taken in again. Other rows without a stored version are new, whatever their window_end.
 */
export const UPSERT_SCRIPT = `
local call, match, unpack, tonumber, null = redis.call, string.match, unpack, tonumber, cjson.null
local keys = KEYS
local payload = cjson.decode(ARGV[1])
local ttl, names = payload[1], payload[2]
local width = #names
local first_row = 4 + width
local accepted, equal, stale = 0, 0, 0
local fields = {'@end', '', '@version', '', '@known_at', ''}

local function version_of(row) return tonumber(match(row, '^%[(%d+)')) end
local function is_floor(row) return string.byte(row, -1) == 32 end

-- The stored window_ends: the field of each by its number, the least and the greatest.
local function stored_ends(windows_key)
  local ends, least, greatest = {}, math.huge, -math.huge
  local texts = call('HKEYS', windows_key)
  for i = 1, #texts do
    local w = tonumber(texts[i])
    ends[w] = texts[i]
    if w < least then least = w end
    if w > greatest then greatest = w end
  end
  return ends, least, greatest
end

-- Drops the rows below the newest final one and marks that one as the floor.
local function prune(windows_key, ends, horizon)
  local floor = -math.huge
  for w in pairs(ends) do
    if w <= horizon and w > floor then floor = w end
  end
  if floor == -math.huge then return end
  local doomed, n = {}, 0
  for w, text in pairs(ends) do
    if w < floor then n = n + 1; doomed[n] = text end
  end
  for i = 1, n, 1000 do call('HDEL', windows_key, unpack(doomed, i, math.min(i + 999, n))) end
  local row = call('HGET', windows_key, ends[floor])
  if not is_floor(row) then call('HSET', windows_key, ends[floor], row .. ' ') end
end

for i = 1, #keys, 2 do
  local latest_key, windows_key = keys[i], keys[i + 1]
  local entity = payload[(i + 5) / 2]
  local last = #entity - 1
  local ends, least, greatest, floor
  local taken, taken_last, added = false, false, false
  for at = first_row, last, 2 do
    local window_end, row = entity[at], entity[at + 1]
    local stored = call('HGET', windows_key, window_end)
    local take
    if stored then
      if stored == row then
        equal = equal + 1
      else
        local old, new = version_of(stored), version_of(row)
        take = new > old
        if take then
          if is_floor(stored) then row = row .. ' ' end
        elseif new == old then
          equal = equal + 1
        else
          stale = stale + 1
        end
      end
    else
      local w = tonumber(window_end)
      if not ends then
        ends, least, greatest = stored_ends(windows_key)
        floor = least < math.huge and w < least and is_floor(call('HGET', windows_key, ends[least])) and least
      end
      take = not floor or w > floor
      if take and least == math.huge then
        -- No row is kept. A latest row without its windows is what an evicting server leaves.
        local latest = call('HMGET', latest_key, '@end', '@version')
        if latest[1] then
          greatest = tonumber(latest[1])
          take = w ~= greatest or version_of(row) > tonumber(latest[2])
        end
      end
      if take then
        added = true
        ends[w] = window_end
      else
        stale = stale + 1
      end
    end
    if take then
      accepted = accepted + 1
      taken, taken_last = true, at == last
      call('HSET', windows_key, window_end, row)
    end
  end
  if taken_last then
    if not greatest then
      greatest = tonumber(call('HGET', latest_key, '@end') or nil)
      if not greatest then ends, least, greatest = stored_ends(windows_key) end
    end
    if tonumber(entity[last]) >= greatest then
      fields[2], fields[4], fields[6] = entity[last], entity[3], entity[2]
      local n = 6
      for f = 1, width do
        local value = entity[3 + f]
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
  end
  if added then prune(windows_key, ends, tonumber(entity[1])) end
  if taken and ttl ~= '' then
    call('PEXPIRE', latest_key, ttl)
    call('PEXPIRE', windows_key, ttl)
  end
end
return {accepted, equal, stale}
`;

export const UPSERT_SCRIPT_SHA = createHash('sha1').update(UPSERT_SCRIPT).digest('hex');
