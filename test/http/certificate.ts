/** A self-signed certificate for localhost, for tests alone; good for a hundred years. */
export const certificatePem = `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIURFnISBiq9uFtcaei1HG8DZZRDlUwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAx
MDAwMDAwWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATmg+sNatfC5hHKKdJPve1ssdjDfQqULc6Lfvh9ggtG7fbvygHw0Ags
8/z7XdRpZi2u3ouYbQh8dOgobG3yqtgUo28wbTAdBgNVHQ4EFgQUQC4knLoW8p4i
Qxg+7/9YEBx+iKkwHwYDVR0jBBgwFoAUQC4knLoW8p4iQxg+7/9YEBx+iKkwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIgAycECMpogaFDePJrZVItP905zfl2HSHUHnck3/ARzJACIQCo
fGgBPsbd7cUrIE3QTh3TFe6ZvL4UZ/JMO73/y5WYJg==
-----END CERTIFICATE-----
`

export const certificateKeyPem = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgbG3oZCE5d/MWp3z4
OCSJT2gh40fnbzwUsAB+T/hDGiChRANCAATmg+sNatfC5hHKKdJPve1ssdjDfQqU
Lc6Lfvh9ggtG7fbvygHw0Ags8/z7XdRpZi2u3ouYbQh8dOgobG3yqtgU
-----END PRIVATE KEY-----
`
