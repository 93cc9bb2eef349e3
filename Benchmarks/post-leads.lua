-- wrk script: single-lead posts, each with an identity of its own (about 420 bytes).
-- SWITCHYARD_TWINS: set, it sends the same thousand people again and again.
-- SWITCHYARD_KEY: the API key. SWITCHYARD_PATH: /api/leads (default) or /api/leads/decode.
local key = os.getenv("SWITCHYARD_KEY") or error("set SWITCHYARD_KEY")
local path = os.getenv("SWITCHYARD_PATH") or "/api/leads"
local run = os.getenv("SWITCHYARD_RUN") or tostring(os.time())
local states = { "CA", "NY", "TX", "WA", "FL", "IL", "MA", "OR", "GA", "CO" }
local industries = { "Construction", "Manufacturing", "Information", "Finance and Insurance", "Retail Trade" }
local sizes = { "1-10", "11-50", "51-200", "201-500", "1001-5000" }
local twins = os.getenv("SWITCHYARD_TWINS")
local threads = 0

function setup(thread)
    thread:set("number", threads)
    threads = threads + 1
end

function init()
    count = 0
    -- Twelve digits that no other run within eleven days has had.
    phones = (os.time() % 1000000) * 1000000 + number * 500000
    headers = { ["Authorization"] = "Bearer " .. key, ["Content-Type"] = "application/json" }
end

function request()
    count = count + 1
    if twins then count = count % 1000 end
    local id = run .. "-" .. number .. "-" .. count
    local body = '{"email":"lead-' .. id .. '@example.com","phone":"+44 ' .. string.format('%d', phones + count)
        .. '","firstName":"Ada","lastName":"Lovelace","companyName":"Analytical Engines ' .. id
        .. '","industry":"' .. industries[count % 5 + 1] .. '","companySize":"' .. sizes[count % 5 + 1]
        .. '","revenue":"$1M-$10M","location":{"country":"US","state":"' .. states[count % 10 + 1]
        .. '","city":"Springfield"},"source":"web","sourceId":"' .. id
        .. '","metadata":{"campaign":"autumn","utm_source":"newsletter"}}'
    return wrk.format("POST", path, headers, body)
end

function done(summary, latency, requests)
    local seconds = summary.duration / 1e6
    local errors = summary.errors
    io.write(string.format(
        '{"requests":%d,"seconds":%.3f,"perSecond":%.1f,"p50ms":%.2f,"p99ms":%.2f,"maxms":%.2f,"non2xx":%d,"socketErrors":%d}\n',
        summary.requests, seconds, summary.requests / seconds, latency:percentile(50) / 1000,
        latency:percentile(99) / 1000, latency.max / 1000, errors.status,
        errors.connect + errors.read + errors.write + errors.timeout))
end
