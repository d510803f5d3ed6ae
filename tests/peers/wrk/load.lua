-- Sends requests, DEPTH in a packet, as fast as they are answered, and looks at every answer.
--
--   wrk -t 2 -c 64 -d 2s -s load.lua http://127.0.0.1:8080/cookie -- 16 FILE
--       the same GET again and again; FILE holds the body of each answer
--   wrk -t 2 -c 2 -d 1s -s load.lua http://127.0.0.1:8080/ -- 16
--       numbered POSTs, which must come back in their order; needs one connection in each thread, since Lua is not
--       told which connection an answer came on
--
-- The last line is what was counted, as JSON.

local threads = {}

function setup(thread)
    table.insert(threads, thread)
end

function init(args)
    depth = tonumber(args[1])
    sent, answers, wrong, example = 0, 0, 0, ""
    if args[2] then
        local file = assert(io.open(args[2], "rb"))
        expected = file:read("*a")
        file:close()
        packet = string.rep(wrk.format("GET", nil, { Cookie = "name=value" }), depth)
    end
end

-- The body with this number. Lengths differ.
local function numbered(number)
    return string.rep(number .. " ", number % 50 + 1)
end

function request()
    if packet then
        return packet
    end
    local posts = {}
    for i = 1, depth do
        posts[i] = wrk.format("POST", nil, nil, numbered(sent + i))
    end
    sent = sent + depth
    return table.concat(posts)
end

function response(status, headers, body)
    answers = answers + 1
    local right = expected
    if not right then
        -- wrk asks for one packet that it never sends, so the first number is not 1.
        first = first or tonumber(body:match("%d+")) or 1
        right = numbered(first + answers - 1)
    end
    if status ~= 200 or headers["Content-Length"] ~= tostring(#right) or body ~= right then
        wrong = wrong + 1
        example = string.format("answer %d has status %d and %d bytes", answers, status, #body)
    end
end

function done(summary, latency, requests)
    local answers, wrong, example = 0, 0, ""
    for _, thread in ipairs(threads) do
        answers = answers + thread:get("answers")
        wrong = wrong + thread:get("wrong")
        example = example .. thread:get("example")
    end
    local errors = summary.errors
    io.write(string.format(
        '{"answers":%d,"wrong":%d,"example":"%s","connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d,"perSecond":%d}\n',
        answers, wrong, example, errors.connect, errors.read, errors.write, errors.status, errors.timeout,
        summary.requests * 1000000 / summary.duration))
end
