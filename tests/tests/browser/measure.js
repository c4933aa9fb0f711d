// Measures the report in the frame, as a reader's eyes would, and leaves the result as JSON.
const frame = document.getElementById("report");
frame.addEventListener("load", () => {
  const view = frame.contentWindow;
  const page = frame.contentDocument;
  const all = (selector) => [...page.querySelectorAll(selector)];
  const style = (element) => view.getComputedStyle(element);

  const colour = (text) => {
    const [red, green, blue, alpha = 1] = text.match(/[\d.]+/g).map(Number);
    return { red, green, blue, alpha };
  };
  const light = ({ red, green, blue }) => {
    const linear = [red, green, blue].map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  // WCAG 2.2, success criterion 1.4.3.
  const contrast = (one, other) => {
    const [dark, bright] = [light(colour(one)), light(colour(other))].sort((a, b) => a - b);
    return (bright + 0.05) / (dark + 0.05);
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const { backgroundColor } = style(at);
      if (colour(backgroundColor).alpha > 0) return backgroundColor;
    }
    return "rgb(255, 255, 255)";
  };
  const within = (inner, outer) =>
    inner.left >= outer.left - 1 && inner.right <= outer.right + 1 &&
    inner.top >= outer.top - 1 && inner.bottom <= outer.bottom + 1;

  const faint = [];
  const spilt = [];
  const judge = (element, text, background) => {
    if (contrast(text, background) < 4.5) faint.push(element.textContent.trim().slice(0, 60));
  };
  const hasText = (element) =>
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  for (const element of all("body *:not(svg *)").filter(hasText)) {
    judge(element, style(element).color, ground(element));
  }
  const boxes = all(".map rect").map((box) => [box.getBoundingClientRect(), style(box).fill]);
  for (const text of all(".map text")) {
    const place = text.getBoundingClientRect();
    const box = boxes.find(([outer]) => within(place, outer));
    const isHeading = text.matches(".column, .server");
    if (!box && !isHeading) spilt.push(text.textContent);
    judge(text, style(text).fill, box ? box[1] : ground(text.closest(".map")));
  }

  const foreign = all("script, img, image, iframe, object, embed, link, form, input, base, foreignObject");
  const handlers = all("*").filter((element) =>
    element.getAttributeNames().some((name) => name.startsWith("on") || name === "autofocus"));
  const result = {
    dark: view.matchMedia("(prefers-color-scheme: dark)").matches,
    background: light(colour(ground(page.body))),
    sideways: page.documentElement.scrollWidth - page.documentElement.clientWidth,
    height: page.documentElement.scrollHeight,
    faint,
    spilt,
    foreign: foreign.concat(handlers).map((element) => element.outerHTML.slice(0, 80)),
    codes: all("main code").map((element) => element.textContent),
    map: all(".map title").map((element) => element.textContent),
    broken: all("a[href^='#']").map((link) => link.getAttribute("href").slice(1))
      .filter((id) => !page.getElementById(id)),
  };
  const json = JSON.stringify(result).replace(/[<>&\u0080-\uffff]/g, (letter) =>
    "\\u" + letter.charCodeAt(0).toString(16).padStart(4, "0"));
  document.getElementById("result").textContent = json;
});
frame.srcdoc = REPORT;
