// What only the page can do for a panel: keep JupyterLab's single keys out of its controls, say a changed answer aloud,
// tell when an answer takes long or no Python listens. Without this file a panel still answers.

const SLOW = 400; // milliseconds until waiting needs a word
const ASLEEP = "jupyter-widgets-disconnected"; // the class that ipywidgets gives to a view without a kernel

function render({ model, el }) {
  const [slow, status, alarm] = [["p", ""], ["div", "status"], ["div", "alert"]].map(([tag, role]) => {
    const part = el.appendChild(document.createElement(tag));
    part.className = role ? "acs-spoken" : "acs-slow";
    part.setAttribute("role", role || "status");
    return part;
  });
  let timer, saying, panel, heard, gone;

  // A reader of screens hears the sentence of an answer, not its tables; the error whole, since it says what to do.
  // An answer may change under the same sentence: so the old words go first, and the new ones count as new.
  const shown = () =>
    [...panel.querySelectorAll(".acs-error, .acs-answer")]
      .map((part) => part.innerHTML.replaceAll(' open=""', "")) // words that are opened are no new answer
      .join();
  const say = () => {
    if (heard === shown()) return;
    heard = shown();
    clearTimeout(saying);
    alarm.textContent = status.textContent = "";
    saying = setTimeout(() => {
      alarm.textContent = panel.querySelector(".acs-error").textContent.trim();
      if (!alarm.textContent) status.textContent = panel.querySelector(".acs-answer [data-said]").dataset.said;
    }, 50);
  };

  // JupyterLab reads a, b, d, x, arrows and Enter as orders to the notebook, also from a list that has the focus.
  // It leaves a control alone that itself carries this attribute; Ctrl+S and Shift+Enter must go on to it. But where a
  // panel holds a text to write, Shift+Enter is no order: it would run the cell, and what was written would be gone.
  const keep = (event) => {
    if (!panel.contains(event.target)) return;
    const run = event.shiftKey && event.key === "Enter" && !panel.querySelector("textarea");
    const order = event.ctrlKey || event.metaKey || event.altKey || run;
    event.target.toggleAttribute("data-lm-suppress-shortcuts", !order);
  };

  // Python repeats the count when it has done all that was asked before: a change, or a cell that runs.
  const answered = () => Number(panel.querySelector("[data-answered]")?.dataset.answered);
  const listen = () => {
    if (answered() < model.get("asked") && !panel.classList.contains(ASLEEP)) {
      timer ??= setTimeout(() => (slow.textContent = model.get("patience")), SLOW);
    } else {
      timer = clearTimeout(timer);
      slow.textContent = "";
    }
  };
  const ask = (event) => {
    if (event.type === "click" && !event.target.closest("button")) return;
    model.set("asked", model.get("asked") + 1);
    model.save_changes();
    listen();
  };

  // A row is chosen where the button goes down. The browser chooses it where the button comes up, and drops the click if
  // Python has written the list anew in between; it does so where a field is left by the click, since that sends it.
  const choose = (event) => {
    const option = event.target.closest(".widget-select option");
    if (!option || event.button) return;
    event.preventDefault();
    const list = option.closest("select"), row = option.index;
    list.focus({ preventScroll: true }); // what was typed goes first
    list.selectedIndex = row;
    list.dispatchEvent(new Event("change", { bubbles: true }));
  };

  // Where the routes of a table stand in a list and in a text, the text shows the route that is chosen in the list.
  let followed = "";
  const follow = () => {
    const list = panel.querySelector(".widget-select select"), text = panel.querySelector(".widget-textarea textarea");
    const now = list && text && `${list.selectedIndex} ${text.value}`;
    if (!now || now === followed || text === document.activeElement) return;
    followed = now;
    let place = text.value.indexOf('\n  "routes": ['); // as Python writes it: by how far it is indented
    for (let row = 0; row <= list.selectedIndex && place >= 0; row++) place = text.value.indexOf("\n    {", place + 1);
    const line = text.value.slice(0, Math.max(place, 0)).split("\n").length;
    text.scrollTop = place < 0 ? 0 : line * parseFloat(getComputedStyle(text).lineHeight);
  };

  // Words under a picture that a reader opened stay open when the answer comes anew; those in a table's row do not,
  // since another answer has other rows.
  let opened = false;
  const toggled = (event) => event.target.matches("details:not(td *)") && (opened = event.target.open);
  const reopen = () => {
    for (const words of panel.querySelectorAll(".acs-answer details:not(td *)")) words.open ||= opened;
  };

  // Controls that nobody hears must not seem to work.
  const sleep = () => {
    for (const controls of panel.querySelectorAll(".acs-controls")) controls.inert = panel.classList.contains(ASLEEP);
    listen();
  };

  const changes = new MutationObserver(() => (sleep(), reopen(), say(), follow()));
  const begin = () => {
    panel = el.closest(".acs-panel");
    if (gone) return;
    if (!panel) return requestAnimationFrame(begin); // the page puts a view in its place after it is drawn
    panel.setAttribute("role", "group");
    panel.setAttribute("aria-label", model.get("title"));
    heard = shown();
    sleep();
    changes.observe(panel, { attributes: true, attributeFilter: ["class"], childList: true, subtree: true });
    for (const name of ["change", "click"]) panel.addEventListener(name, ask);
    panel.addEventListener("mousedown", choose);
    panel.addEventListener("toggle", toggled, true); // it does not rise from where it happens, but comes down to there
    window.addEventListener("keydown", keep, true); // on window, to be before JupyterLab, which listens on document
  };
  begin();

  return () => {
    gone = true;
    clearTimeout(timer);
    clearTimeout(saying);
    changes.disconnect();
    panel?.removeEventListener("toggle", toggled, true);
    window.removeEventListener("keydown", keep, true);
    for (const name of ["change", "click"]) panel?.removeEventListener(name, ask);
    panel?.removeEventListener("mousedown", choose);
  };
}

export default { render };
