// Prints the ids of all units and transformations that Grafana's data library knows, as JSON.
const { JSDOM } = require(process.cwd() + '/node_modules/jsdom');

const { window } = new JSDOM('<!doctype html>', { url: 'http://localhost' });
for (const name of ['window', 'document', 'navigator', 'HTMLElement', 'Element', 'Node', 'localStorage', 'location']) {
  Object.defineProperty(globalThis, name, { value: name === 'window' ? window : window[name], configurable: true, writable: true });
}

async function main() {
  const { initPluginTranslations } = require(process.cwd() + '/node_modules/@grafana/i18n');
  await initPluginTranslations('none', []);
  const data = require(process.cwd() + '/node_modules/@grafana/data');
  const units = data.getValueFormats().flatMap((group) => group.submenu.map((unit) => unit.value));
  const transformations = Object.values(data.standardTransformers).map((one) => one.id);
  console.log(JSON.stringify({ units, transformations }));
}

main();
