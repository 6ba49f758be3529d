"""A web server on 127.0.0.1 that serves bytes from memory, as well or as badly as a test wants."""

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DATE = "Wed, 21 Oct 2015 07:28:00 GMT"


class FileServer(ThreadingHTTPServer):
    """Serves ``files``; used as a context manager, it is closed with all its connections.

    Attributes
    ----------
    files : path to content
    tags : path to ETag; a file without one has none
    dates : whether answers have Last-Modified
    ranges, if_range : whether Range and If-Range are understood
    longest : bytes of the longest partial answer
    drops : after how many bytes of content the next answers break off; None for not at all
    statuses : what the next answers are instead of the file
    requests : (path, Range) of every request so far
    """

    daemon_threads = False  # so that closing waits for them, and no socket is left open

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files, self.tags, self.dates = {}, {}, True
        self.ranges, self.if_range, self.longest = True, True, 2**30
        self.drops, self.statuses, self.requests = [], [], []
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,))

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def add(self, path, content):
        """Serve new content, of which the ETag speaks."""
        self.files[path] = content
        self.tags[path] = f'"{hash(content):x}"'

    def handle_error(self, request, client_address):
        # A client that stops midway is what some tests are about.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *error):
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 5

    def do_GET(self):
        server = self.server
        server.requests.append((self.path, self.headers.get("Range")))
        status = server.statuses.pop(0) if server.statuses else 200
        if status != 200 or self.path not in server.files:
            self._answer(404 if status == 200 else status, {}, b"sorry")
            return
        content, version = server.files[self.path], {}
        if self.path in server.tags:
            version["ETag"] = server.tags[self.path]
        if server.dates:
            version["Last-Modified"] = DATE
        start = self._start(version)
        if start is None:
            self._answer(200, version, content)
        elif start >= len(content):
            self._answer(416, {"Content-Range": f"bytes */{len(content)}"}, b"")
        else:
            part = content[start : start + server.longest]
            sent = f"bytes {start}-{start + len(part) - 1}/{len(content)}"
            self._answer(206, version | {"Content-Range": sent}, part)

    def _start(self, version):
        """Return the first byte asked for; None where the whole file is to be sent."""
        asked = self.headers.get("Range")
        condition = self.headers.get("If-Range")
        if asked is None or not self.server.ranges:
            return None
        if self.server.if_range and condition not in (None, *version.values()):
            return None
        return int(asked.removeprefix("bytes=").removesuffix("-"))

    def _answer(self, status, headers, content):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        drop = self.server.drops.pop(0) if status < 300 and self.server.drops else None
        self.wfile.write(content[:drop])
        self.close_connection = drop is not None

    def log_message(self, *_):
        pass
