// Keys for lists, ticking all, and where the eye goes after a part of a page has come.
"use strict";

(() => {
  const typing = (element) => element && /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName) && element.type !== "checkbox";

  const rows = () => [...document.querySelectorAll("table[data-keys] tbody tr[data-href]")];

  const move = (by) => {
    const all = rows();
    if (!all.length) return;
    const now = all.findIndex((row) => row.classList.contains("here"));
    const next = Math.min(Math.max(now + by, 0), all.length - 1);
    all.forEach((row) => row.classList.remove("here"));
    all[next].classList.add("here");
    all[next].scrollIntoView({ block: "nearest" });
    all[next].querySelector("a")?.focus({ preventScroll: true });
  };

  const here = () => document.querySelector("tr.here");

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && typing(event.target)) return event.target.blur();
    if (typing(event.target) || document.querySelector("dialog[open]") || localStorage.getItem("keys") === "off") return;
    if (event.key === "/") {
      event.preventDefault();
      document.getElementById("find")?.focus();
    } else if (event.key === "j") move(1);
    else if (event.key === "k") move(-1);
    else if (event.key === "x") here()?.querySelector("input[type=checkbox]")?.click();
    else if (event.key === "Enter" && here() && event.target.tagName !== "BUTTON" && event.target.tagName !== "A")
      location.assign(here().dataset.href);
  });

  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-all]")) return;
    event.target.closest("table").querySelectorAll("tbody input[type=checkbox]").forEach((box) => {
      box.checked = event.target.checked;
    });
  });
})();
