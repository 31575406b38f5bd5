// `pnpm check:api` fails when a public entry is no longer what its committed report in `packages/*/etc` says; `pnpm api` writes the reports anew.
import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Extractor, ExtractorConfig, ExtractorLogLevel, type ExtractorMessage } from '@microsoft/api-extractor';
import { publishedPackages, type PublishedPackage } from './published.ts';

const isUpdate = process.argv.includes('--update');

/** `client.api.md` for the main entry, `client.testing.api.md` for `./testing`. */
function reportName({ folder }: PublishedPackage, entry: string): string {
  return [basename(folder), ...entry.split('/').slice(1)].join('.');
}

function checkEntry(published: PublishedPackage, entry: string, types: string): boolean {
  const { folder } = published;
  const problems: string[] = [];
  // The extractor writes into the folder, but does not make it.
  mkdirSync(join(folder, 'etc'), { recursive: true });
  const config = ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: join(folder, 'package.json'),
    configObject: {
      projectFolder: folder,
      mainEntryPointFilePath: join(folder, types),
      compiler: { tsconfigFilePath: join(folder, 'tsconfig.build.json'), skipLibCheck: true },
      apiReport: {
        enabled: true,
        reportFileName: reportName(published, entry),
        reportFolder: join(folder, 'etc'),
        reportTempFolder: join(folder, 'node_modules/.cache/api-report'),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf',
      messages: {
        // Whether the report changed is asked below; everything else the extractor finds ends up in the report, where a reviewer sees it.
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
        extractorMessageReporting: {
          default: { logLevel: ExtractorLogLevel.Warning, addToApiReportFile: true },
          // No `@public` on every export: what the entry exports is public.
          'ae-missing-release-tag': { logLevel: ExtractorLogLevel.None },
          'ae-undocumented': { logLevel: ExtractorLogLevel.None },
        },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
    },
  });
  const result = Extractor.invoke(config, {
    localBuild: isUpdate,
    messageCallback: (message: ExtractorMessage) => {
      message.handled = true;
      if (message.logLevel === ExtractorLogLevel.Error) problems.push(message.text);
    },
  });
  for (const problem of problems) console.error(`${published.name} ${entry}: ${problem}`);
  if (!result.apiReportChanged) return problems.length === 0;
  if (isUpdate) {
    console.log(`${published.name} ${entry}: report written`);
    return problems.length === 0;
  }
  console.error(
    `${published.name} ${entry}: the public API is not what the committed report says. Run \`pnpm api\`, read the diff, commit it.`,
  );
  return false;
}

for (const published of publishedPackages()) {
  for (const [entry, { import: imported }] of Object.entries(published.manifest.publishConfig.exports)) {
    if (!checkEntry(published, entry, imported.types)) process.exitCode = 1;
  }
}
