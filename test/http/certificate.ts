/** A self-signed certificate for localhost, for tests alone; good for a hundred years. */
export const certificatePem = `-----BEGIN CERTIFICATE-----
MIIBnDCCAUGgAwIBAgIUOd/4Ki9m72EIVwf6BwvqZasd/MwwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzAzMzgwNVoYDzIxMjYxMDMw
MDMzODA1WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATmg+sNatfC5hHKKdJPve1ssdjDfQqULc6Lfvh9ggtG7fbvygHw0Ags
8/z7XdRpZi2u3ouYbQh8dOgobG3yqtgUo28wbTAdBgNVHQ4EFgQUQC4knLoW8p4i
Qxg+7/9YEBx+iKkwHwYDVR0jBBgwFoAUQC4knLoW8p4iQxg+7/9YEBx+iKkwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSQAwRgIhAOBzOfXtvNJT/6Tlj1qM2sri8QZK9z14JmI/y3sLDCR9AiEA
gg+30twnES8TikiobmhcDsgUERqPbm5dXEfL53VuB+s=
-----END CERTIFICATE-----
`

export const certificateKeyPem = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgbG3oZCE5d/MWp3z4
OCSJT2gh40fnbzwUsAB+T/hDGiChRANCAATmg+sNatfC5hHKKdJPve1ssdjDfQqU
Lc6Lfvh9ggtG7fbvygHw0Ags8/z7XdRpZi2u3ouYbQh8dOgobG3yqtgU
-----END PRIVATE KEY-----
`
