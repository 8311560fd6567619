// Renders templates as Braze does: {packages, cases: [{template, context}]} on stdin; [{text} | {aborted}] on stdout.
const { join } = require("node:path");

async function main() {
  const { packages, cases } = JSON.parse(require("node:fs").readFileSync(0, "utf-8"));
  const Liquid = require(join(packages, "brazejs")).default;
  const told = [];
  for (const { template, context } of cases) {
    try {
      const engine = new Liquid();
      // Not parseAndRender: it makes the reason of an abort the text of the message.
      told.push({ text: await engine.render(await engine.parse(template), context) });
    } catch (error) {
      if (error.name !== "AbortError") throw error;
      told.push({ aborted: error.message });
    }
  }
  process.stdout.write(JSON.stringify(told));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
