import { LEDGER_LUA } from './ledger-lua.ts';
import { type Script, script } from './script.ts';
import { TOKEN_MARGIN } from './windows.ts';

/** ARGV: now, process, its requests of the day, day's end, tokens, rpm, tpm, rpd, longest wait, force, the mark that the process was told last. */
export const RESERVE: Script = script(`${LEDGER_LUA}
local tokens, most, force = tonumber(ARGV[5]), tonumber(ARGV[9]), ARGV[10] == '1'
local D, today = day(tonumber(ARGV[4]))
local sum = sums()
keep(D, ARGV[8] ~= '')
local v = redis.call('HMGET', key, 'rpm', 'xrpm', 'tpm', 'xtpm', 'rpd', 'xrpd', 'G', 'V', 'p' .. ARGV[2])
local function limit(i, given)
  local known = num(v[i + 1], 0) > now and num(v[i], INF) or INF
  return math.min(known, num(given, INF))
end
local rpm, tpm, rpd = limit(1, ARGV[6]), limit(3, ARGV[7]), limit(5, ARGV[8])
local gateMs = math.max(0, num(v[7], 0) - now)
local mark = v[9] or ''

local costs
local function within(last)
  if last == slice and last >= sum.L then return sum.R, sum.T end
  costs = costs or read()
  local R, T = 0, 0
  for n, cost in pairs(costs) do
    if n <= last and n > last - SPAN then R, T = R + cost[1], T + cost[2] end
  end
  return R, T
end

local usedNow = { within(slice) }
local function room(from, tokens)
  local most = math.floor(tpm * ${TOKEN_MARGIN})
  local cost = math.min(tokens, most)
  local function fits(R, T) return R < rpm and T + cost <= most end
  if from >= sum.L and fits(sum.R, sum.T) then return from end
  costs = costs or read()
  local R, T = usedNow[1], usedNow[2]
  if from > slice then R, T = within(from) end
  local found, last = from, from
  while true do
    if last > from then
      local come, gone = costs[last], costs[last - SPAN]
      if come then R, T = R + come[1], T + come[2] end
      if gone then R, T = R - gone[1], T - gone[2] end
    end
    if not fits(R, T) then found = last + 1
    elseif last >= sum.L or last - found >= SPAN - 1 then return found end
    last = last + 1
  end
end

local R, T = usedNow[1], usedNow[2]
local function say(taken, why, waitMs, at, limit)
  local function plain(n) return n == INF and '' or string.format('%.0f', n) end
  local verdict = gateMs > 0 and v[8] or ''
  return { taken, why, plain(waitMs), plain(at), plain(limit), plain(now), plain(D), plain(gateMs), verdict, mark,
    plain(rpm), plain(tpm), plain(rpd), plain(R), plain(T), plain(sum.R), plain(sum.T), plain(sum.L), plain(today) }
end

if not force then
  if rpm <= 0 then return say('no', 'rpm', INF, 0, rpm) end
  if tpm <= 0 or tokens > tpm then return say('no', 'tpm', INF, 0, tpm) end
  if rpd <= 0 then return say('no', 'rpd', INF, 0, rpd) end
  if today >= rpd then return say('no', 'rpd', D - now, 0, rpd) end
end
local from = slice
if gateMs > 0 and not force then from = math.ceil((now + gateMs) / SLICE) end
local at = force and slice or room(from, tokens)
local waitMs = math.max(0, at * SLICE - now)
local why = 'tpm'
if at > from then
  -- What is used up in the last window that has no room.
  if rpm < INF and within(at - 1) >= rpm then why = 'rpm' end
elseif gateMs > 0 then why = 'gate' end
if waitMs > most then
  if why == 'gate' then return say('no', why, gateMs, 0, INF) end
  return say('no', why, waitMs, 0, why == 'rpm' and rpm or tpm)
end
add(sum, at, 1, tokens)
today = redis.call('HINCRBY', key, 'd', 1)
-- Where this process was forgotten, it stays so until it has told all: a client may send again what it had sent to another life.
if num(string.match(mark, '^%d+'), 0) >= tonumber(ARGV[11]) then
  redis.call('HSET', key, 'p' .. ARGV[2], string.format('%.0f ', now) .. ARGV[3])
end
R, T = R + (at == slice and 1 or 0), T + (at == slice and tokens or 0)
return say('yes', why, waitMs, at, INF)
`);

/** ARGV: now, slice, requests, tokens, day's end, requests of that day, process, its mark. What has expired counts no more. */
export const ADD: Script = script(`${LEDGER_LUA}
local mark = redis.call('HGET', key, 'p' .. ARGV[7]) or ''
if num(string.match(mark, '^%d+'), 0) < tonumber(ARGV[8]) or redis.call('EXISTS', key) == 0 then return 'none' end
add(sums(), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]))
if redis.call('HGET', key, 'D') == ARGV[5] then redis.call('HINCRBY', key, 'd', ARGV[6]) end
return 'ok'
`);

/** ARGV: now, milliseconds that it stays closed, verdict, limits learned (rpm, tpm, rpd). A closed gate is never shortened. */
export const CLOSE: Script = script(`${LEDGER_LUA}
local closedMs = tonumber(ARGV[2])
if closedMs > 0 then close(now + closedMs, ARGV[3]) end
learn(4)
keep(num(redis.call('HGET', key, 'D'), 0))
return 'ok'
`);

/**
 * What a process has used while Redis was away: all since it was last heard of where Redis has lost that, else what it
 * could not tell. ARGV: now, process, the mark that it was told last, requests of its day, day's end, those of them that were not told,
 * gate (ms, verdict), limits learned (rpm, tpm, rpd), count of slices not told, these and then all: slice, requests, tokens.
 */
export const REJOIN: Script = script(`${LEDGER_LUA}
local D = day(tonumber(ARGV[5]))
local sum = sums()
local mark = redis.call('HGET', key, 'p' .. ARGV[2]) or ''
local at, told = string.match(mark, '^(%d+) (%d+)$')
local isKnown = num(at, 0) >= tonumber(ARGV[3])
local untold = tonumber(ARGV[12])
local first, last = 13, 12 + 3 * untold
local since = 0
if not isKnown then
  first, last = last + 1, #ARGV
  since = math.floor(num(at, 0) / SLICE)
end
for i = first, last, 3 do
  local n = tonumber(ARGV[i])
  if n >= since then add(sum, n, tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])) end
end
if D == tonumber(ARGV[5]) then
  local more = isKnown and tonumber(ARGV[6]) or math.max(0, tonumber(ARGV[4]) - num(told, 0))
  redis.call('HINCRBY', key, 'd', more)
end
redis.call('HSET', key, 'p' .. ARGV[2], string.format('%.0f ', now) .. ARGV[4])
if tonumber(ARGV[7]) > 0 then close(now + tonumber(ARGV[7]), ARGV[8]) end
learn(9)
keep(D)
return string.format('%.0f', now)
`);
