// What has changed comes by itself: one stream of events for each tab that somebody sees.
"use strict";

(() => {
  const { stream: where, seen } = document.currentScript?.dataset ?? {};
  if (!where) return;
  let stream = null;
  let last = seen ?? "";
  let again = 0;

  const each = (name, value, act) => {
    document.querySelectorAll(`[${name}="${CSS.escape(value)}"]`).forEach(act);
  };

  const write = (element, text) => {
    if (element.textContent === text) return;
    element.textContent = text;
    element.classList.remove("moved");
    requestAnimationFrame(() => element.classList.add("moved"));
  };

  const tell = (name) => document.body.dispatchEvent(new CustomEvent(name));

  const on = (name, act) =>
    stream.addEventListener(name, (event) => {
      if (event.lastEventId) last = event.lastEventId;
      act(JSON.parse(event.data));
    });

  const begin = () => {
    if (stream || document.visibilityState !== "visible") return;
    clearTimeout(again);
    stream = new EventSource(`${where}?seen=${encodeURIComponent(last)}`);
    stream.addEventListener("open", () => document.documentElement.setAttribute("data-live-on", ""));
    on("figures", (figures) => {
      for (const [name, text] of Object.entries(figures)) each("data-live", name, (one) => write(one, text));
    });
    on("files", (files) => {
      for (const file of files) {
        each("data-file-state", String(file.id), (one) => {
          if (one.textContent !== file.state) tell(`live-file-${file.id}`);
          write(one, file.state);
          one.className = `badge ${file.tone}`;
        });
        each("data-file-claims", String(file.id), (one) => write(one, file.claims));
        each("data-file-cents", String(file.id), (one) => write(one, file.cents));
      }
    });
    on("changed", (names) => {
      for (const name of names) {
        tell(`live-${name}`);
        each("data-when", name, (one) => one.removeAttribute("hidden"));
      }
    });
    on("ended", () => {
      stop();
      const back = encodeURIComponent(location.pathname + location.search);
      location.assign(`/console/sign-in?ended=1&next=${back}`);
    });
    stream.onerror = () => {
      // What the browser gives up (the gateway was starting again), we begin anew.
      if (stream?.readyState !== EventSource.CLOSED) return;
      stop();
      again = setTimeout(begin, 3000);
    };
  };

  const stop = () => {
    clearTimeout(again);
    stream?.close();
    stream = null;
    document.documentElement.removeAttribute("data-live-on");
  };

  document.addEventListener("visibilitychange", () => (document.visibilityState === "visible" ? begin() : stop()));
  addEventListener("pagehide", stop);
  addEventListener("pageshow", begin);

  // A part that is asked for again by itself waits while somebody is in it.
  document.addEventListener("htmx:beforeRequest", (event) => {
    const part = event.detail.target;
    if (part?.matches?.("[data-live-part]") && part.contains(document.activeElement)) event.preventDefault();
  });

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
