// Open a page in Chromium as people would, on a phone, on a desk, in the dark and on paper; print what was seen as JSON.
// The other pages in its folder are only measured, on a phone.
//   node visit.cjs CHROMIUM FILE.html NODE_MODULES [FOLDER for pictures]
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const { pathToFileURL } = require("node:url");

const [chromium, file, modules, pictures] = process.argv.slice(2);
const playwright = require(path.join(modules, "playwright-core"));
const axe = fs.readFileSync(path.join(modules, "axe-core", "axe.min.js"), "utf8");
const address = pathToFileURL(file).href;

const VIEWS = [
  { name: "phone", width: 360, height: 780, colorScheme: "light" },
  { name: "phone-dark", width: 390, height: 844, colorScheme: "dark" },
  { name: "desk", width: 1280, height: 900, colorScheme: "light" },
  { name: "desk-dark", width: 1280, height: 900, colorScheme: "dark" },
];

const widths = (page) => page.evaluate(() => ({
  page: document.documentElement.scrollWidth,
  window: document.documentElement.clientWidth,
}));

const accessible = async (page) => {
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  }));
  return {
    passes: found.passes.map((rule) => rule.id),
    unsure: found.incomplete.map((rule) => rule.id),
    violations: found.violations.map((rule) => ({
      rule: rule.id, impact: rule.impact, where: rule.nodes.slice(0, 5).map((node) => node.target.join(" ")),
    })),
  };
};

const visible = (page) => page.locator("#rows tbody tr:visible").evaluateAll((rows) => rows.map(
  (row) => [...row.cells].map((cell) => cell.innerText),
));

const use = async (page) => {
  const seen = { status: {} };
  const status = async (name) => { seen.status[name] = await page.locator("#found").innerText(); };
  seen.all = await page.locator("#rows tbody tr").count();
  seen.first = (await visible(page)).length;
  await status("first");

  const search = page.getByRole("searchbox", { name: "Search" });
  await search.fill("MATTRESS blue");
  seen.searched = await visible(page);
  await status("searched");
  await search.fill("nothing is called this");
  seen.unfound = (await visible(page)).length;
  await status("unfound");
  await search.fill("");

  await page.getByRole("combobox", { name: "Verdict" }).selectOption("held");
  seen.held = await visible(page);
  await page.getByRole("combobox", { name: "Verdict" }).selectOption("");
  await page.getByRole("combobox", { name: "Rule" }).selectOption("recalled");
  seen.recalled = await visible(page);
  await page.getByRole("combobox", { name: "Rule" }).selectOption("");

  await page.getByRole("button", { name: "Show all rows" }).click();
  seen.shown = (await visible(page)).length;
  await status("shown");

  // By keyboard alone: to the head of the customers, up, and down again.
  const head = page.locator("#rows th button").nth(1);
  await head.focus();
  await page.keyboard.press("Enter");
  seen.ascending = { sort: await page.locator("#rows th").nth(1).getAttribute("aria-sort"),
    customers: (await visible(page)).map((cells) => cells[1]) };
  await page.keyboard.press("Space");
  seen.descending = { sort: await page.locator("#rows th").nth(1).getAttribute("aria-sort"),
    customers: (await visible(page)).map((cells) => cells[1]) };

  const numbers = page.locator("table.sortable:not(#rows)").first();
  await numbers.locator("th button").nth(1).click();
  seen.numbers = await numbers.locator("tbody tr").evaluateAll((rows) => rows.map((row) => row.cells[1].innerText));

  await page.reload();
  await page.keyboard.press("Tab");
  seen.firstStop = await page.evaluate(() => document.activeElement.innerText);
  await page.keyboard.press("Enter");
  seen.skippedTo = await page.evaluate(() => document.activeElement.id);
  return seen;
};

(async () => {
  const browser = await playwright.chromium.launch({
    executablePath: chromium,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync"],
  });
  const seen = { errors: [], requests: [], views: {} };
  const open = async (options) => {
    const page = await browser.newPage(options);
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) seen.errors.push(message.text());
    });
    page.on("pageerror", (error) => seen.errors.push(error.message));
    page.on("request", (request) => seen.requests.push(request.url()));
    await page.goto(address);
    return page;
  };
  for (const view of VIEWS) {
    const page = await open({ viewport: { width: view.width, height: view.height }, colorScheme: view.colorScheme });
    seen.views[view.name] = { widths: await widths(page), axe: await accessible(page) };
    if (pictures) await page.screenshot({ path: path.join(pictures, `${view.name}.png`), fullPage: true });
    await page.close();
  }
  const page = await open({ viewport: { width: 1280, height: 900 } });
  seen.used = await use(page);
  await page.setViewportSize({ width: 690, height: 900 });
  await page.emulateMedia({ media: "print", colorScheme: "light" });
  seen.paper = await page.evaluate(() => ({
    width: document.documentElement.scrollWidth,
    cut: [...document.querySelectorAll("table, svg")].filter((one) => one.getBoundingClientRect().right > 691)
      .map((one) => one.id || one.className.baseVal || one.caption?.innerText),
    tools: document.querySelector("form.tools").checkVisibility(),
  }));
  const pdf = await page.pdf({ format: "A4", printBackground: true });
  seen.pdf = pdf.subarray(0, 5).toString();
  if (pictures) fs.writeFileSync(path.join(pictures, "print.pdf"), pdf);
  const plain = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 1280, height: 900 } });
  const still = await plain.newPage();
  await still.goto(address);
  seen.withoutScript = await still.locator("#rows tbody tr").count();
  seen.others = {};
  for (const other of fs.readdirSync(path.dirname(file)).filter((name) => name.endsWith(".html"))) {
    const narrow = await browser.newPage({ viewport: { width: 360, height: 780 } });
    await narrow.goto(pathToFileURL(path.join(path.dirname(file), other)).href);
    seen.others[other] = await widths(narrow);
    await narrow.close();
  }
  await browser.close();
  process.stdout.write(JSON.stringify(seen));
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
