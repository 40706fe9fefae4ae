import { test } from "vitest";
import { sampleKey } from "../../../../tools/sample.ts";
import { readWgQuick } from "../read/wg-quick.ts";
import { lint } from "./lint.ts";
test("perf", { timeout: 100000 }, () => {
  for (const mask of [32]) {
    const n = 300;
    const texts = Array.from(
      { length: n },
      (_, a) =>
        `[Interface]\nPrivateKey = ${sampleKey("p" + a)}\nAddress = 10.0.${a >> 8}.${a & 255}/16\nListenPort = 51820\nPostUp = ip_forward\n` +
        Array.from({ length: n }, (_, b) =>
          b === a
            ? ""
            : `\n[Peer]\nPublicKey = ${sampleKey("n" + b)}\nPresharedKey = ${sampleKey([a, b].sort((x, y) => x - y).join(" "))}\nAllowedIPs = 10.0.${b >> 8}.${mask === 32 ? b & 255 : 0}/${mask}, 172.${16 + (b >> 8)}.${b & 255}.0/24\nEndpoint = 203.${b >> 8}.${b & 255}.1:51820\n`,
        ).join(""),
    );
    let t = performance.now();
    const r = texts.map((text, a) =>
      readWgQuick(text, { file: `n${a}.conf`, name: `n${a}`, isWorldReadable: false }),
    );
    const devices = r
      .flatMap((x) => x.devices)
      .map((d, a) => ({ ...d, publicKey: { value: sampleKey("n" + a), place: d.place } }));
    console.log("read", performance.now() - t);
    t = performance.now();
    const l = lint({ devices, findings: r.flatMap((x) => x.findings) });
    console.log(
      "lint",
      performance.now() - t,
      l.findings.length,
      l.tunnels,
      l.findings[0]?.code,
      r[0]?.findings.length,
    );
  }
});
