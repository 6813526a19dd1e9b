"""`hoist report --follow`: what it serves of a living run, to whom, and how it ends."""

import http.client
import json
import pathlib
import shutil
import signal
import socket
import time
import unittest
import urllib.parse

from browser import Browser
from model_files import assert_same_weights, weights
from program import LONGEST_SECONDS, PROMPT_SECONDS, ProgramTest, metrics_rows

USAGE, BAD, MISSING, SYSTEM, INTERRUPTED = 64, 65, 66, 71, 75
ENDLESS = 1_000_000
DESKTOP, PHONE = 1280, 390


class FollowTest(ProgramTest):
    def train(self, out="run", ranks=1, **keys):
        self.succeed("train", self.write_config(**keys), "--out", out, "--quiet", ranks=ranks)

    def start_endless(self, out="run", sweep=2):
        run = self.start("train", self.write_config(train__sweeps=ENDLESS), "--out", out, "--quiet")
        self.wait_for_sweep(run, out, sweep)
        return run

    def follow(self, *arguments, ranks=1):
        """What has been started, and where its page is."""
        follower = self.start("report", *arguments, "--follow", *(() if "--port" in arguments else ("--port", 0)), ranks=ranks)
        line = follower.process.stdout.readline()
        self.assertRegex(line, r"^the page is at http://\S+/ until Ctrl-C\n$", line or "it has ended")
        return follower, line.split()[4]

    def ask(self, url, path="/data", method="GET", body=None, **headers):
        """The answer and its body; a header that is None is left out."""
        at = urllib.parse.urlsplit(url)
        connection = http.client.HTTPConnection(at.hostname, at.port, timeout=PROMPT_SECONDS)
        self.addCleanup(connection.close)
        host = headers.pop("Host", at.netloc)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in ({"Host": host} | headers | ({"Content-Length": str(len(body))} if body else {})).items():
            if value is not None:
                connection.putheader(name.replace("_", "-"), value)
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer, answer.read()

    def runs(self, url):
        answer, body = self.ask(url)
        self.assertEqual(answer.status, 200, body)
        return json.loads(body)["runs"]

    def wait_until(self, true, what):
        end = time.monotonic() + LONGEST_SECONDS
        while not true():
            self.assertLess(time.monotonic(), end, f"not in time: {what}")
            time.sleep(0.02)

    def end(self, follower, how=signal.SIGINT):
        follower.process.send_signal(how)
        begun = time.monotonic()
        self.assertEqual(follower.finish().status, 0)
        self.assertLess(time.monotonic() - begun, PROMPT_SECONDS)


class Living(FollowTest):
    def test_new_points_are_served_as_the_run_makes_them(self):
        run = self.start_endless()
        _, url = self.follow("run")
        shown, = self.runs(url)
        self.assertEqual((shown["state"], shown["model"]), ("going_on", None))
        first = len(shown["metrics"]["sweep"])
        self.assertGreaterEqual(first, 2)
        self.wait_until(lambda: len(self.runs(url)[0]["metrics"]["sweep"]) > first, "another point")
        run.process.send_signal(signal.SIGTERM)
        self.assertEqual(run.finish().status, INTERRUPTED)
        self.wait_until(lambda: self.runs(url)[0]["state"] == "stopped" and self.runs(url)[0]["model"], "its checkpoint")
        self.assertTrue(self.runs(url)[0]["model"]["checkpoint"])
        self.assertEqual(len(self.runs(url)[0]["metrics"]["sweep"]), len(metrics_rows(self.folder / "run")))

    def test_it_says_when_the_run_has_ended_and_shows_its_model(self):
        (self.folder / "run").mkdir()
        _, url = self.follow("run")
        self.assertEqual(self.runs(url)[0]["state"], "waiting")
        self.train()
        self.wait_until(lambda: self.runs(url)[0]["state"] == "complete" and self.runs(url)[0]["model"], "the end")
        shown, = self.runs(url)
        self.assertEqual(shown["summary"], json.loads((self.folder / "run" / "summary.json").read_text()))
        self.assertEqual(shown["model"]["file"], "model.h5")
        self.assertEqual(shown["model"]["figures"]["samples"], 60)

    def test_a_followed_run_ends_with_the_weights_of_another(self):
        self.train("alone", train__sweeps=20)
        (self.folder / "run").mkdir()
        follower, _ = self.follow("run")
        self.train("run", train__sweeps=20)
        self.end(follower)
        assert_same_weights(self, *(weights(self.folder / name / "model.h5") for name in ("alone", "run")))

    def test_only_what_has_changed_is_sent_again(self):
        self.train()
        _, url = self.follow("run")
        self.wait_until(lambda: self.runs(url)[0]["model"], "the model")
        for path in ("/", "/data"):
            tag = self.ask(url, path)[0].headers["ETag"]
            answer, body = self.ask(url, path, If_None_Match=tag)
            self.assertEqual((answer.status, body), (304, b""))
        metrics = self.folder / "run" / "metrics.csv"
        rows = metrics.read_text().splitlines()
        metrics.write_text("\n".join(rows[:-1]) + "\n")
        self.wait_until(lambda: self.ask(url, If_None_Match=tag)[0].status == 200, "a change")

    def test_files_that_are_being_written_or_damaged_do_not_end_it(self):
        self.train()
        for name in ("model.h5", "summary.json"):
            (self.folder / "run" / name).unlink()
        metrics = self.folder / "run" / "metrics.csv"
        whole = metrics.read_text()
        metrics.write_text(whole + "4,,1.2")
        _, url = self.follow("run")
        shown, = self.runs(url)
        self.assertEqual((shown["state"], shown["metrics"]["sweep"]), ("stopped", [1, 2, 3]))
        metrics.write_text(whole + "4,x,1.2\n")
        self.wait_until(lambda: self.runs(url)[0]["state"] == "damaged", "the damage")
        self.assertIn("line 5", self.runs(url)[0]["problem"])
        self.assertEqual(self.runs(url)[0]["metrics"]["sweep"], [1, 2, 3])
        metrics.write_text(whole)
        self.wait_until(lambda: self.runs(url)[0]["state"] == "stopped", "the mended file")
        metrics.unlink()
        self.wait_until(lambda: self.runs(url)[0]["state"] == "waiting", "a run that is begun anew")

    def test_several_runs_are_followed_on_any_number_of_ranks(self):
        self.train("one")
        self.train("two")
        before = self.files()
        follower, url = self.follow("one", "two", ranks=2)
        self.wait_until(lambda: all(run["model"] for run in self.runs(url)), "both models")
        self.assertEqual([(run["name"], run["state"]) for run in self.runs(url)], [("one", "complete"), ("two", "complete")])
        self.end(follower, signal.SIGUSR1)
        self.assertEqual(self.files(), before)


class Guards(FollowTest):
    @classmethod
    def setUpClass(cls):
        cls.shared = ProgramTest()
        cls.shared.setUp()
        cls.addClassCleanup(cls.shared.doCleanups)
        cls.shared.succeed("train", cls.shared.write_config(), "--out", "run", "--quiet")

    def setUp(self):
        super().setUp()
        shutil.copytree(self.shared.folder / "run", self.folder / "run")

    def test_it_can_only_be_read(self):
        _, url = self.follow("run")
        before = self.files()
        for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
            for path in ("/", "/data", "/run"):
                with self.subTest(method=method, path=path):
                    answer, _ = self.ask(url, path, method, b"sweeps=0" if method in ("POST", "PUT", "PATCH") else None)
                    self.assertEqual((answer.status, answer.headers["Allow"]), (405, "GET, HEAD"))
        self.assertEqual(self.files(), before)
        answer, body = self.ask(url, "/", "HEAD")
        self.assertEqual((answer.status, body), (200, b""))
        self.assertGreater(int(answer.headers["Content-Length"]), 100_000)

    def test_nothing_but_the_page_and_its_data_is_there(self):
        _, url = self.follow("run")
        for path in ("/run/metrics.csv", "/metrics.csv", "/../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd",
                     "/data/", "/data/x", "/index.html", "/" + 5000 * "x"):
            with self.subTest(path=path):
                answer, body = self.ask(url, path)
                self.assertEqual((answer.status, body), (404, b"There is only the page at /.\n"))
        page, body = self.ask(url, "/")
        self.assertIn("connect-src 'self'", body.decode())
        for answer in (page, self.ask(url, "/data")[0], self.ask(url, "/data", "POST")[0]):
            self.assertEqual(answer.headers["Cache-Control"], "no-store")
            self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
            self.assertNotIn("Access-Control-Allow-Origin", answer.headers)

    def test_names_that_others_can_make_point_here_are_refused(self):
        _, url = self.follow("run")
        port = urllib.parse.urlsplit(url).port
        for host in ("example.org", f"example.org:{port}", f"localhost.example.org:{port}", f"127.0.0.1.example.org:{port}",
                     f"[::1].example.org:{port}", "192.0.2.1", socket.gethostname() + ".example.org", "", None):
            with self.subTest(host=host):
                self.assertEqual(self.ask(url, Host=host)[0].status, 403)
        for host in ("localhost", f"localhost:{port}", "LOCALHOST:1", f"127.0.0.1:{port}", "[::1]:80"):
            with self.subTest(host=host):
                self.assertEqual(self.ask(url, Host=host)[0].status, 200)

    def test_it_is_reached_from_this_machine_alone_unless_told_otherwise(self):
        _, url = self.follow("run")
        other, elsewhere = self.follow("run", "--address", "0.0.0.0")
        self.assertIn("whoever reaches this machine", other.process.stdout.readline())
        listening = [line.split()[1] for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]
                     if line.split()[3] == "0A"]
        ports = [f"{urllib.parse.urlsplit(at).port:04X}" for at in (url, elsewhere)]
        self.assertEqual([[at.split(":")[0] for at in listening if at.endswith(f":{port}")] for port in ports],
                         [["0100007F"], ["00000000"]])
        near = f"http://127.0.0.1:{urllib.parse.urlsplit(elsewhere).port}/"
        self.assertEqual(self.ask(near, Host="192.0.2.1")[0].status, 200)
        self.assertEqual(self.ask(near, Host="example.org")[0].status, 403)

    def test_a_port_that_is_taken(self):
        _, url = self.follow("run")
        port = urllib.parse.urlsplit(url).port
        self.refuses(SYSTEM, [f"port {port}", "in use", "--port"], "report", "run", "--follow", "--port", port)
        first, second = self.start("report", "run", "--follow"), self.start("report", "run", "--follow")
        pages = [follower.process.stdout.readline().split()[4] for follower in (first, second)]
        self.assertNotEqual(*pages)
        for page in pages:
            self.assertEqual(self.ask(page)[0].status, 200)

    def test_wrong_use(self):
        self.refuses(MISSING, ["cannot follow nothing"], "report", "nothing", "--follow")
        self.refuses(MISSING, ["cannot follow run/config.ini"], "report", "run/config.ini", "--follow")
        self.refuses(USAGE, ["--out", "--follow"], "report", "run", "--follow", "--out", "page.html")
        self.refuses(USAGE, ["--port", "--follow"], "report", "run", "--out", "page.html", "--port", "80")
        self.refuses(USAGE, ["--address", "--follow"], "report", "run", "--out", "page.html", "--address", "::")
        for port in (-1, 65536):
            self.refuses(USAGE, [f"--port {port}"], "report", "run", "--follow", f"--port={port}")
        for address in ("192.0.2.1", "no.such.host.invalid", "not an address"):
            self.refuses(USAGE, [address], "report", "run", "--follow", "--address", address, on=(1,))
        (self.folder / "run" / "config.ini").write_text("[train\nsweeps")
        self.refuses(BAD, ["run/config.ini"], "report", "run", "--follow")


class Ends(FollowTest):
    def test_a_signal_ends_it_whoever_is_connected(self):
        self.train(train__sweeps=1)
        for how in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(how=how):
                follower, url = self.follow("run")
                at = urllib.parse.urlsplit(url)
                silent, halting = (socket.create_connection((at.hostname, at.port)) for _ in range(2))
                self.addCleanup(silent.close)
                self.addCleanup(halting.close)
                halting.sendall(b"GET / HTTP/1.1\r\nHo")
                self.assertEqual(self.ask(url)[0].status, 200)
                self.end(follower, how)
                with self.assertRaises(ConnectionRefusedError):
                    socket.create_connection((at.hostname, at.port))


class Looks(FollowTest):
    def setUp(self):
        super().setUp()
        self.browser = Browser()  # for each test: a page goes on asking when its server has ended
        self.addCleanup(self.browser.close)

    def points(self):
        """Of the first curve."""
        return self.browser.ask("document.querySelector('.charts path.curve').getAttribute('d').split(',').length - 1")

    def text(self):
        return self.browser.ask("document.getElementById('page').textContent")

    def test_a_new_point_appears_without_a_reload(self):
        run = self.start_endless()
        run.process.send_signal(signal.SIGSTOP)
        follower, url = self.follow("run")
        self.browser.open(url, DESKTOP)
        self.assertEqual(self.browser.ask("document.documentElement.dataset.drawn"), "yes", self.browser.problems)
        before = self.points()
        self.assertGreaterEqual(before, 2)
        self.assertIn("This run goes on. The figures go up to sweep", self.text())
        self.assertIn("when the run has ended", self.text())
        # What the reader does stays: the same document, scrolled, with a choice made and details open.
        place = self.browser.ask("""(() => {
            window.sameDocument = true;
            document.querySelectorAll("details")[1].open = true;
            document.querySelector("input[value=steps]").click();
            document.querySelector("input[value=steps]").focus();
            window.scrollTo(0, 300);
            return window.scrollY;
        })()""")
        self.assertEqual(place, 300)
        run.process.send_signal(signal.SIGCONT)
        self.wait_until(lambda: self.points() > before, "a new point")
        self.assertEqual(self.browser.ask("""[window.sameDocument, window.scrollY, document.activeElement.value,
            [...document.querySelectorAll("details")].map((details) => details.open),
            document.querySelector("input[value=steps]").checked]"""), [True, 300, "steps", [False, True], True])
        self.assertEqual(self.browser.problems, [])
        run.process.send_signal(signal.SIGTERM)
        run.finish()
        self.wait_until(lambda: "This run has stopped before its end" in self.text(), "the end of the run")
        self.wait_until(lambda: "Confusion matrix" in self.text(), "its model")
        self.assertEqual(self.browser.problems, [])
        self.end(follower)
        self.wait_until(lambda: "has ended or cannot be reached" in self.text(), "the end of the server")
        self.assertTrue(self.browser.ask("window.sameDocument"))

    def test_a_page_that_waits_becomes_that_of_the_run(self):
        (self.folder / "run").mkdir()
        _, url = self.follow("run")
        self.browser.open(url, PHONE)
        self.assertIn("run has no figures yet", self.text())
        self.train()
        self.wait_until(lambda: "This run has ended." in self.text() and "Confusion matrix" in self.text(), "the run")
        self.assertEqual(self.points(), 3)
        self.assertEqual(self.browser.ask("document.documentElement.scrollWidth"), PHONE)
        self.assertEqual(self.browser.problems, [])


if __name__ == "__main__":
    unittest.main()
