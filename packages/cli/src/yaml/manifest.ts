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

/** Whether YAML 1.2 and 1.1, which most of Kubernetes reads, take it for this text. */
function isPlain(text: string): boolean {
  if (!/^[A-Za-z0-9_./-][A-Za-z0-9_./:@+=-]*$/.test(text)) return false;
  return (["1.1", "1.2"] as const).every((version) => {
    return parse(text, { version, logLevel: "silent" }) === text;
  });
}
