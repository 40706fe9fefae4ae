/** Prints values for readers of YAML that we do not know: what one of them could take otherwise has quotes. */
import { Document, parse, visit } from "yaml";

/** Documents one after the other, under `head`, which is comments. */
export function printManifest(head: string, documents: readonly object[]): string {
  return `${head}${documents.map(printDocument).join("---\n")}`;
}

function printDocument(value: object): string {
  const document = new Document(value);
  visit(document, {
    Scalar(_, node) {
      const { value: text } = node;
      if (typeof text === "string" && !text.includes("\n") && !isPlain(text)) {
        node.type = "QUOTE_DOUBLE";
      }
    },
  });
  return document.toString({ lineWidth: 0 });
}

/** Whether YAML 1.1, which most of Kubernetes reads, takes it for this text; for 1.2 the library sees to it. */
function isPlain(text: string): boolean {
  const isSimple = /^[A-Za-z0-9_./-][A-Za-z0-9_./:@+=-]*$/.test(text);
  return isSimple && parse(text, { version: "1.1", logLevel: "silent" }) === text;
}
