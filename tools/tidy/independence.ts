/** The judge of plans shares nothing with what makes them: of the core it knows the types alone. */
import type { Repository, Violation } from "./repository.ts";
import { isTest, resolveImport, violation } from "./repository.ts";

const place = "tools/oracle/";

export function independence({ sources }: Repository): readonly Violation[] {
  return sources
    .filter((source) => source.path.startsWith(place) && !isTest(source))
    .flatMap((source) =>
      source.imports
        .filter(({ specifier, isType }) => {
          const target = resolveImport(source, specifier);
          return target === undefined ? !isType : !target.startsWith(place);
        })
        .map(({ specifier, node }) =>
          violation(
            source,
            node,
            `the oracle imports "${specifier}"`,
            "write what it needs a second time: an error that both share would not be seen",
          ),
        ),
    );
}
