import { LEARNED_MS } from './ledger.ts';
import { SLICE_MS, SPAN } from './windows.ts';

/**
 * One ledger is one hash:
 * s<slice>            requests and tokens that count in a slice: requests * 2^32 + tokens, since half as many fields are read twice as fast
 * R, T, L, E          their sums, the last slice, the slice up to which all has expired
 * D, d                when the day ends, requests of this day
 * G, V                when the gate opens, and why it is closed
 * rpm, tpm, rpd       learned limits, and until when: xrpm, xtpm, xrpd
 * p<process>          the last that is known here of a process: time, and its requests of this day
 */
export const LEDGER_LUA: string = `
local key = KEYS[1]
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
local SLICE, SPAN = ${SLICE_MS}, ${SPAN}
local slice = math.floor(now / SLICE)
local INF = math.huge
local function num(value, otherwise) return tonumber(value or '') or otherwise end

local PACK = 4294967296
local function unpacked(value)
  local v = tonumber(value)
  local requests = math.floor((v + PACK / 2) / PACK)
  return { requests, v - requests * PACK }
end

local function read()
  local used, costs, marks = redis.call('HGETALL', key), {}, {}
  for i = 1, #used, 2 do
    local field = used[i]
    local letter = string.byte(field, 1)
    if letter == 115 then costs[tonumber(string.sub(field, 2))] = unpacked(used[i + 1])
    elseif letter == 112 then marks[field] = used[i + 1] end
  end
  return costs, marks
end

local function forget(n, cost, sums)
  redis.call('HDEL', key, 's' .. n)
  sums.R, sums.T = sums.R - cost[1], sums.T - cost[2]
end

-- What no window from now on contains. Slice by slice where few have passed, else in one pass.
local function expire(sums)
  local till = slice - SPAN
  if sums.E and till <= sums.E and till > sums.E - 2 * SPAN then return end
  -- The clock was set back by minutes: what it counted lies in a future that is none.
  local isBack = sums.E and till < sums.E
  if sums.E and not isBack and till - sums.E <= 32 then
    local fields = {}
    for n = sums.E + 1, till do fields[#fields + 1] = 's' .. n end
    for i, value in ipairs(redis.call('HMGET', key, unpack(fields))) do
      if value then forget(sums.E + i, unpacked(value), sums) end
    end
  elseif sums.E then
    local costs, marks = read()
    for n, cost in pairs(costs) do
      if isBack or n <= till then forget(n, cost, sums) end
    end
    for name, mark in pairs(marks) do
      if now - num(string.match(mark, '^%d+'), 0) > 600000 then redis.call('HDEL', key, name) end
    end
    if isBack then sums.L = till end
  end
  sums.E = till
  redis.call('HSET', key, 'E', till, 'R', sums.R, 'T', sums.T, 'L', sums.L)
end

local function sums()
  local v = redis.call('HMGET', key, 'R', 'T', 'L', 'E')
  local found = { R = num(v[1], 0), T = num(v[2], 0), L = num(v[3], 0), E = num(v[4]) }
  expire(found)
  return found
end

local function add(sums, n, requests, tokens)
  if n <= sums.E then return end
  redis.call('HINCRBY', key, 's' .. n, string.format('%.0f', requests * PACK + tokens))
  sums.R, sums.T, sums.L = sums.R + requests, sums.T + tokens, math.max(sums.L, n)
  redis.call('HSET', key, 'R', sums.R, 'T', sums.T, 'L', sums.L)
end

-- The day that is on, and its requests. Who asks says when the day ends: Lua knows no time zones. Before sums(), which
-- forgets.
local function day(ends)
  local v = redis.call('HMGET', key, 'D', 'd')
  local D, d = num(v[1], 0), num(v[2], 0)
  if now < D then return D, d end
  if ends <= now then ends = ends + 86400000 end
  -- Who was let in before midnight and is sent after it is a request of the new day.
  d = 0
  if D > 0 then
    for n, cost in pairs((read())) do if n * SLICE >= D then d = d + cost[1] end end
  end
  redis.call('HSET', key, 'D', ends, 'd', d)
  return ends, d
end

local function close(opens, verdict)
  if opens > now and opens >= num(redis.call('HGET', key, 'G'), 0) then
    redis.call('HSET', key, 'G', opens, 'V', verdict)
  end
end

local function learn(first)
  local names = { 'rpm', 'tpm', 'rpd' }
  for i, name in ipairs(names) do
    if ARGV[first + i - 1] ~= '' then
      redis.call('HSET', key, name, ARGV[first + i - 1], 'x' .. name, now + ${LEARNED_MS})
    end
  end
end

-- A day's count is worth keeping where a day's limit is known. Names of models may be made up by visitors.
local function keep(ends, isCounted)
  local v = redis.call('HMGET', key, 'G', 'rpd')
  local ms = math.max(7200000, num(v[1], 0) - now + 60000)
  if isCounted or v[2] then ms = math.max(ms, ends - now + 60000) end
  ms = math.min(ms, 172800000)
  if redis.call('PTTL', key) < ms then redis.call('PEXPIRE', key, ms) end
end
`;
