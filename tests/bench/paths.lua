-- For wrk: the paths in a file, asked for one after the other.
local requests, at = {}, 0

function init(args)
	for path in io.lines(args[1]) do
		requests[#requests + 1] = wrk.format("GET", path, {
			["Host"] = wrk.host,
			["Accept"] = "application/vnd.oci.image.index.v1+json, " ..
			    "application/vnd.oci.image.manifest.v1+json",
		})
	end
end

function request()
	at = at % #requests + 1
	return requests[at]
end
