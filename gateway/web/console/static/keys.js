// One key for each thing that is done with the item of a row: take, note, snooze, give, close; and the list of keys.
"use strict";

(() => {
  const FORMS = { n: "touch", s: "snooze", g: "assign", c: "close" };
  const typing = (element) => element && /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName) && element.type !== "checkbox";
  const doing = () => document.getElementById("doing");
  const help = () => document.getElementById("keys");
  const off = () => localStorage.getItem("keys") === "off";

  const row = () => document.querySelector("tr.here[data-item]");

  const say = (words) => {
    const said = document.createElement("p");
    said.className = "said";
    said.textContent = words;
    document.getElementById("said").replaceChildren(said);
  };

  const take = (item) => htmx.ajax("POST", `/console/items/${item}/do/claim`, { target: "#said" });

  const ask = (item, verb) =>
    htmx.ajax("GET", `/console/items/${item}/do/${verb}`, { target: "#doing .inside", swap: "innerHTML" });

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.matches?.("#doing .inside")) doing().showModal();
  });

  const showKeys = () => {
    document.getElementById("keys-on").checked = !off();
    help().showModal();
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (!help() || document.querySelector("dialog[open]")) return;
    if (event.key === "?") {
      event.preventDefault();
      showKeys();
      return;
    }
    if (off() || !(event.key === "t" || event.key in FORMS)) return;
    if (!document.querySelector("tr[data-item]")) return;
    event.preventDefault();
    const item = row()?.dataset.item;
    if (!item) say("Choose a row first: j goes down, k goes up.");
    else if (event.key === "t") take(item);
    else ask(item, FORMS[event.key]);
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-keys-help]")) showKeys();
    if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
  });

  document.addEventListener("change", (event) => {
    if (event.target.id === "keys-on") localStorage.setItem("keys", event.target.checked ? "on" : "off");
  });

  // It is done: the row shows who has it now, or makes room for the next one.
  document.addEventListener("item-done", (event) => {
    const { id, who, gone } = event.detail;
    if (doing()?.open) doing().close();
    const its = document.querySelector(`tr[data-item="${id}"]`);
    if (!its) return;
    const cell = its.querySelector("[data-who]");
    if (cell) cell.textContent = who;
    if (!gone || !its.closest("table").hasAttribute("data-leaves")) return its.querySelector("a")?.focus();
    const next = its.nextElementSibling?.matches("[data-href]") ? its.nextElementSibling : its.previousElementSibling;
    its.remove();
    next?.classList.add("here");
    next?.querySelector("a")?.focus();
  });
})();
