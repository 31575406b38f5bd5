// How a fragment becomes lines of CHANGELOG.md: its own words, with nothing added. CommonJS, because changesets loads it with `require`.

/** @param {{ summary: string }} fragment */
function getReleaseLine({ summary }) {
  const [first = '', ...rest] = summary.trim().split('\n');
  return [`- ${first}`, ...rest.map((line) => (line === '' ? '' : `  ${line}`))].join('\n');
}

/** @param {unknown} _fragments @param {{ name: string, newVersion: string }[]} dependencies */
function getDependencyReleaseLine(_fragments, dependencies) {
  return dependencies.map(({ name, newVersion }) => `- Needs \`${name}\` ${newVersion}.`).join('\n');
}

module.exports = { getReleaseLine, getDependencyReleaseLine };
