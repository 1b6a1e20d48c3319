"""Plays a stream with WebKitGTK's own HLS, without a border. Prints "ended" when the page hears that it has ended.

python3 webkitgtk.py WIDTH HEIGHT URL
"""

import html
import sys

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import Gtk, WebKit2  # noqa: E402

WIDTH, HEIGHT, URL = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
PAGE = f"""<style>* {{ margin: 0; background: black }} video {{ width: 100vw; height: 100vh; display: block }}</style>
<video muted autoplay playsinline src="{html.escape(URL)}" onended="document.title = 'ended'"></video>"""


def on_title(view, _property):
    if view.get_title() == "ended":
        print("ended", flush=True)


settings = WebKit2.Settings()
settings.set_media_playback_requires_user_gesture(False)
view = WebKit2.WebView.new_with_settings(settings)
view.connect("notify::title", on_title)
window = Gtk.Window(decorated=False)
window.set_default_size(WIDTH, HEIGHT)
window.add(view)
window.connect("destroy", Gtk.main_quit)
window.show_all()
window.move(0, 0)
view.load_html(PAGE, URL.rsplit("/", 1)[0] + "/")
Gtk.main()
