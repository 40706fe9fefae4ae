/** Servers' keys and certificates for tests; openssl has said what their pins are. They serve nothing else. */
import type { Pin } from "@warren/api";

export interface SampleCertificate {
  readonly cert: string;
  readonly key: string;
  readonly pin: Pin;
}

/** For 127.0.0.1 and localhost, until 2120. */
export const RIGHT: SampleCertificate = {
  pin: "sha256:a2JaLEGBKeGQhtQwjpIAly6f_bP9Ylbk17jkYFadNuw" as Pin,
  cert: `-----BEGIN CERTIFICATE-----
MIIBRDCB66ADAgECAgkYFAbQ2u8NPsQwCgYIKoZIzj0EAwIwEDEOMAwGA1UEAxMF
cmlnaHQwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBAxDjAMBgNV
BAMTBXJpZ2h0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEJtn206RnLVr00lPy
j+qiVhYemaE2QFZZ21TaM1lQ1Upg3OWG1AAJ0CETMJw8IWuDklDX3OouwW698s3N
ZLr3R6MsMCowDAYDVR0TBAUwAwEB/zAaBgNVHREEEzARhwR/AAABgglsb2NhbGhv
c3QwCgYIKoZIzj0EAwIDSAAwRQIgKTjQ9rAuuwK9v/a0TYxj65YFa+/bv1OX0Dmz
+N3iitkCIQDC90MlzrKL2fGVePjt7GF+jt5FGgjETdpmdM1b58FWMA==
-----END CERTIFICATE-----`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgmqrTRW9TErrNXxAv
eeIJDQdU2Hh9CbeWOxC0V/lwjZuhRANCAAQm2fbTpGctWvTSU/KP6qJWFh6ZoTZA
VlnbVNozWVDVSmDc5YbUAAnQIRMwnDwha4OSUNfc6i7Bbr3yzc1kuvdH
-----END PRIVATE KEY-----`,
};

/** The same with another key. */
export const WRONG: SampleCertificate = {
  pin: "sha256:qeeQX6pPsi-4pkUWbsI4ksvKpaWMLgqzZR03Df5g10I" as Pin,
  cert: `-----BEGIN CERTIFICATE-----
MIIBRTCB66ADAgECAgk63xNJthHUF9MwCgYIKoZIzj0EAwIwEDEOMAwGA1UEAxMF
d3JvbmcwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBAxDjAMBgNV
BAMTBXdyb25nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE5wuuvZvV7QMFjYH6
6TchKkCZrDCQn6jGSndJveusGFkc9bf811GWyeVaulFJW58ckMKka322y6XzFGlb
M7pP0aMsMCowDAYDVR0TBAUwAwEB/zAaBgNVHREEEzARhwR/AAABgglsb2NhbGhv
c3QwCgYIKoZIzj0EAwIDSQAwRgIhAMUTe0OEp1HxN1AVq5aSbCbyCyyKx/qjZbLn
8nNUuwnWAiEA/fJQFm1MolbN1trM9x8VQf59v0EeN9dAb8u7/djRVpE=
-----END CERTIFICATE-----`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg0BECImMzd/XA2Ovi
v2jy7Ca1VEfytSnkC37LbCQrIhGhRANCAATnC669m9XtAwWNgfrpNyEqQJmsMJCf
qMZKd0m966wYWRz1t/zXUZbJ5Vq6UUlbnxyQwqRrfbbLpfMUaVszuk/R
-----END PRIVATE KEY-----`,
};

/** The same with a third key, until the end of 2020. */
export const EXPIRED: SampleCertificate = {
  pin: "sha256:2G_OyQnzkT3-LHW8G2MTBTQX-EzRWkmm2q4kPX1m2TY" as Pin,
  cert: `-----BEGIN CERTIFICATE-----
MIIBRTCB7aADAgECAgkJtsGD6xn9bl8wCgYIKoZIzj0EAwIwEjEQMA4GA1UEAxMH
ZXhwaXJlZDAeFw0yMDAxMDEwMDAwMDBaFw0yMTAxMDEwMDAwMDBaMBIxEDAOBgNV
BAMTB2V4cGlyZWQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAT64jN5DjkdDWVj
fYdIfbj2gGJOCWhGKcK1kjodhY67SVpyPYPbglX38BvfJM/nAF0Yk/Ib7I1am6UW
fmkByJKpoywwKjAMBgNVHRMEBTADAQH/MBoGA1UdEQQTMBGHBH8AAAGCCWxvY2Fs
aG9zdDAKBggqhkjOPQQDAgNHADBEAiAAoq+JBM6gQe/beFPTv8m6B6NbRj9q67BG
sjkLT6HzEAIgG2dUHZCHj2UUGg2K2SRRdYBw/O+Ho0kIl2VQPlfn0VQ=
-----END CERTIFICATE-----`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgJPs8PeVwCj1UsWrL
uYqzOOKCsJkS6cPS+9NFz1rmrl+hRANCAAT64jN5DjkdDWVjfYdIfbj2gGJOCWhG
KcK1kjodhY67SVpyPYPbglX38BvfJM/nAF0Yk/Ib7I1am6UWfmkByJKp
-----END PRIVATE KEY-----`,
};
