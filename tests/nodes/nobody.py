"""A mirror at [::1] that has nothing. What it is asked for goes to DIR/asked, its port
to DIR/port: nobody.py DIR"""

import http.server, socket, sys

class Server(http.server.ThreadingHTTPServer):
	address_family = socket.AF_INET6

class Handler(http.server.BaseHTTPRequestHandler):
	def do_GET(self):
		with open(sys.argv[1] + "/asked", "a") as f:
			f.write(self.path + "\n")
		self.send_response(404)
		self.send_header("Content-Length", "0")
		self.end_headers()
	do_HEAD = do_GET

server = Server(("::1", 0), Handler)
with open(sys.argv[1] + "/port.new", "w") as f:
	f.write(str(server.server_address[1]))
import os
os.rename(sys.argv[1] + "/port.new", sys.argv[1] + "/port")
server.serve_forever()
