#ifndef CDR_TESTS_BUNDLE_VECTORS_H
#define CDR_TESTS_BUNDLE_VECTORS_H

/*
 * Keys that are for nothing but tests, and what ssh-keygen 9.2, openssl 3.0 and
 * cosign 3.0 have signed with them: the text "cdr-bundle 1\nend\n".  ed_private
 * and ed_pub are one Ed25519 key, ec_private and ec_pub one on P-256.
 */
static const char ed_pub[] =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIzMq8ujp4eiAXv7z1Pk5mJxt+F7"
    "gld3WXogs5towlw4 centre 2026\n";

static const char ed_pem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEAjMyry6Onh6IBe/vPU+TmYnG34XuCV3dZeiCzm2jCXDg=\n"
    "-----END PUBLIC KEY-----\n";

static const char ed_private[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEICC2plp/GBjPBoLrV51Y1qmHHDVSO/0tfe+S8BqErLLN\n"
    "-----END PRIVATE KEY-----\n";

static const char ec_pub[] =
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAy"
    "NTYAAABBBNwVF0+hqxqRrAH15gDJdwfvByi0T1oZIBSjWtUldatn+QKjRm3k4WB/"
    "241jrZieB6uyBD+wYh5gSfIXyWH4kNc= p256\n";

static const char ec_pem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE3BUXT6GrGpGsAfXmAMl3B+8HKLRP\n"
    "WhkgFKNa1SV1q2f5AqNGbeThYH/bjWOtmJ4Hq7IEP7BiHmBJ8hfJYfiQ1w==\n"
    "-----END PUBLIC KEY-----\n";

static const char ec_private[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgxmcV7/Wsjk7UdnZ6\n"
    "UAurVgaXWGtMydB5GPsnuATuN8ihRANCAATcFRdPoasakawB9eYAyXcH7wcotE9a\n"
    "GSAUo1rVJXWrZ/kCo0Zt5OFgf9uNY62YngersgQ/sGIeYEnyF8lh+JDX\n"
    "-----END PRIVATE KEY-----\n";

static const char other_pub[] =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILvmfwV2BCpvtjryUb5sCrLEhLqM"
    "XNB/hCCDX3daLrmf other\n";

static const char rsa_pub[] =
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDZOTvAweggYRVy40rpE8F/n1BQ"
    "CvQwgEJB2zcgCKOTy329YtD8H8maencuybj8ADnoDnnEhCvK9pJi2dT/yN9lfGtR"
    "z8i3slrm09YLZdBh3uloauwsOuSuPIw17tFvoyFUNtu4tLcx/jL3qEK7ONteg7ln"
    "SjjEi0PalfbjilLQjIE0+iSpXCtMCbpTBw1ep++0K2RbL6y9s7uathkRbxfmxJDT"
    "JbO0h42SNR2bXkMuJ40njyJQn+/V3HyodYS6NMvwpVVJ8dg+8sQDjnPfpnbjD0Zw"
    "Vv4Xsa+ohbT7TXy+hGm1TKt2MUQjFiGZ9c/5PBvL5VDuI0mJvJCMl3aVix/t rsa\n";

static const char openssh_private[] =
    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtz"
    "c2gtZW\n"
    "QyNTUxOQAAACC75n8FdgQqb7Y68lG+bAqyxIS6jFzQf4Qgg193Wi65nwAAAIhk1A"
    "02ZNQN\n"
    "NgAAAAtzc2gtZWQyNTUxOQAAACC75n8FdgQqb7Y68lG+bAqyxIS6jFzQf4Qgg193"
    "Wi65nw\n"
    "AAAECwp+b7xyW+wAmAV2kMAtsPSB3KOkXs9zY6g3CD8Lr8TbvmfwV2BCpvtjryUb"
    "5sCrLE\n"
    "hLqMXNB/hCCDX3daLrmfAAAABW90aGVy\n"
    "-----END OPENSSH PRIVATE KEY-----\n";

static const char ed_sig[] =
    "-----BEGIN SSH SIGNATURE-----\n"
    "U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgjMyry6Onh6IBe/vPU+Tm"
    "YnG34X\n"
    "uCV3dZeiCzm2jCXDgAAAAKY2RyLWJ1bmRsZQAAAAAAAAAGc2hhNTEyAAAAUwAAAA"
    "tzc2gt\n"
    "ZWQyNTUxOQAAAEAhUJQlfAAh7TrZgZINdzorsD3+cieLK3mekrwwccFTy6Tpo+60"
    "LE91zQ\n"
    "TqkI0suxcFWX23CgLQOEjCgA3D02gO\n"
    "-----END SSH SIGNATURE-----\n";

static const char ed_sha256_sig[] =
    "-----BEGIN SSH SIGNATURE-----\n"
    "U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgjMyry6Onh6IBe/vPU+Tm"
    "YnG34X\n"
    "uCV3dZeiCzm2jCXDgAAAAKY2RyLWJ1bmRsZQAAAAAAAAAGc2hhMjU2AAAAUwAAAA"
    "tzc2gt\n"
    "ZWQyNTUxOQAAAECN/mUfQCpqAZLe65nObZrkAXS0C/u+V/PMqF2M9VW2bQpRCjH3"
    "cK65LZ\n"
    "FWEf5r/Xaos91j9v9A4RRZEozN+54C\n"
    "-----END SSH SIGNATURE-----\n";

static const char ed_inventory_sig[] =
    "-----BEGIN SSH SIGNATURE-----\n"
    "U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgjMyry6Onh6IBe/vPU+Tm"
    "YnG34X\n"
    "uCV3dZeiCzm2jCXDgAAAANY2RyLWludmVudG9yeQAAAAAAAAAGc2hhNTEyAAAAUw"
    "AAAAtz\n"
    "c2gtZWQyNTUxOQAAAECd6PRVkCLE6tIBcQRZUg/KUiAoy9lFEbcmk4IwOqHQeqdl"
    "3R8lJH\n"
    "vqXxk3ZgmnWNfqtwR6Gemw8K0v073TAa4O\n"
    "-----END SSH SIGNATURE-----\n";

static const char ec_sig[] =
    "-----BEGIN SSH SIGNATURE-----\n"
    "U1NIU0lHAAAAAQAAAGgAAAATZWNkc2Etc2hhMi1uaXN0cDI1NgAAAAhuaXN0cDI1"
    "NgAAAE\n"
    "EE3BUXT6GrGpGsAfXmAMl3B+8HKLRPWhkgFKNa1SV1q2f5AqNGbeThYH/bjWOtmJ"
    "4Hq7IE\n"
    "P7BiHmBJ8hfJYfiQ1wAAAApjZHItYnVuZGxlAAAAAAAAAAZzaGE1MTIAAABlAAAA"
    "E2VjZH\n"
    "NhLXNoYTItbmlzdHAyNTYAAABKAAAAIQDchRLrFC3VCKvNMm4JZ23k1wQ8ppLB5P"
    "9rkgyY\n"
    "5q4WYgAAACEA8bl73hAnMubaS1bMeh8Yh8cg4DwILcf/Dklt69soduA=\n"
    "-----END SSH SIGNATURE-----\n";

static const char other_sig[] =
    "-----BEGIN SSH SIGNATURE-----\n"
    "U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgu+Z/BXYEKm+2OvJRvmwK"
    "ssSEuo\n"
    "xc0H+EIINfd1ouuZ8AAAAKY2RyLWJ1bmRsZQAAAAAAAAAGc2hhNTEyAAAAUwAAAA"
    "tzc2gt\n"
    "ZWQyNTUxOQAAAEDCoILnkao+HpBtZfdLlxWmHpOeg38QXkeiURuQGxJLusl3XbYX"
    "l55r3n\n"
    "v/pMuFZ90Rhc9JSu3lUbmCz60dGoEL\n"
    "-----END SSH SIGNATURE-----\n";

static const char rsa_sig[] =
    "-----BEGIN SSH SIGNATURE-----\n"
    "U1NIU0lHAAAAAQAAARcAAAAHc3NoLXJzYQAAAAMBAAEAAAEBANk5O8DB6CBhFXLj"
    "SukTwX\n"
    "+fUFAK9DCAQkHbNyAIo5PLfb1i0PwfyZp6dy7JuPwAOegOecSEK8r2kmLZ1P/I32"
    "V8a1HP\n"
    "yLeyWubT1gtl0GHe6Whq7Cw65K48jDXu0W+jIVQ227i0tzH+MveoQrs4216DuWdK"
    "OMSLQ9\n"
    "qV9uOKUtCMgTT6JKlcK0wJulMHDV6n77QrZFsvrL2zu5q2GRFvF+bEkNMls7SHjZ"
    "I1HZte\n"
    "Qy4njSePIlCf79XcfKh1hLo0y/ClVUnx2D7yxAOOc9+mduMPRnBW/hexr6iFtPtN"
    "fL6Eab\n"
    "VMq3YxRCMWIZn1z/k8G8vlUO4jSYm8kIyXdpWLH+0AAAAKY2RyLWJ1bmRsZQAAAA"
    "AAAAAG\n"
    "c2hhNTEyAAABFAAAAAxyc2Etc2hhMi01MTIAAAEAdBC+lkCqQ7Il3hN2kISWPqWW"
    "4+O52x\n"
    "zbm/g+OxOXs/TGVTu/O++jDEsfoOqSNSLE6efwLsPGUAwcqdxgpof9IGl4Ennd4+"
    "InnuGT\n"
    "Bhvf/mzPuWkKTD5s2Zp2WxiOqmA1K4cPw8HLWa21r12OyOzNzU/EjDlCyB+KHaDq"
    "Ya3juw\n"
    "lRX875B9KbmmR4FPAQ1+3Rv1RKleUL7wLtQwQVhTPZrzM0VODGABulUdvo9EeijR"
    "PMqoFY\n"
    "sqD3odILNO8zYt8unB+OSgcxVyECdtQxUuy2FvFbXMa/lkVXSc1J+zuH3fnAZTuU"
    "45PRr/\n"
    "AVCMWR+qhfbf1Ws+NW4jyVlNggzv9EWg==\n"
    "-----END SSH SIGNATURE-----\n";

static const char ed_bundle[] =
    "{\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\""
    ",\"verificationMaterial\":{\"publicKey\":{\"hint\":\"8ZxhhSvmfZu"
    "k5qSzFwDX81dOwNgYbtqm+ndaTso+JI0=\"}},\"messageSignature\":{\"me"
    "ssageDigest\":{},\"signature\":\"3zcJViKRX6Sb7cGwf+DoOfyGO17ZSof"
    "Xb5EU6LF68LzbGyyXY4c/dRy+v0s357j7Sa00sCg9ChrHMGMDmNFCAw==\"}}";

static const char ec_bundle[] =
    "{\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\""
    ",\"verificationMaterial\":{\"publicKey\":{\"hint\":\"7urzVS66D5o"
    "wi8Y42rGLJW0Bd0JcZ3MkX/YTMFPThk4=\"}},\"messageSignature\":{\"me"
    "ssageDigest\":{\"algorithm\":\"SHA2_256\",\"digest\":\"O8opD8Yaf"
    "OIDVzZPgeQcqa1YzmnlgCd9Vgs9BXxu5x8=\"},\"signature\":\"MEUCIBxNv"
    "ITDTfpsVM8wkiLCrGLiC2FWqd4liSO3m+Hff/d8AiEA38nGQUosfS58R2JSv/4mx"
    "tWRcYW5X0Y4BfacYL9pVeE=\"}}";

static const char ed_base64[] =
    "3zcJViKRX6Sb7cGwf+DoOfyGO17ZSofXb5EU6LF68LzbGyyXY4c/dRy+v0s357j7"
    "Sa00sCg9ChrH\n"
    "MGMDmNFCAw==\n";

static const char ec_base64[] =
    "MEQCIAtcJtIPyCtn4exYrC4jOG1kohYjGgUQR829fxpr1Vj2AiBJPJ5HKThWQ9eC"
    "nIOm8Nr1M52jDc+2HQtMfkGhSJm1cw==";

static const char ed_raw[] =
    "\xdf\x37\x09\x56\x22\x91\x5f\xa4\x9b\xed\xc1\xb0\x7f\xe0\xe8\x39"
    "\xfc\x86\x3b\x5e\xd9\x4a\x87\xd7\x6f\x91\x14\xe8\xb1\x7a\xf0\xbc"
    "\xdb\x1b\x2c\x97\x63\x87\x3f\x75\x1c\xbe\xbf\x4b\x37\xe7\xb8\xfb"
    "\x49\xad\x34\xb0\x28\x3d\x0a\x1a\xc7\x30\x63\x03\x98\xd1\x42\x03";

static const char ec_der[] =
    "\x30\x44\x02\x20\x0b\x5c\x26\xd2\x0f\xc8\x2b\x67\xe1\xec\x58\xac"
    "\x2e\x23\x38\x6d\x64\xa2\x16\x23\x1a\x05\x10\x47\xcd\xbd\x7f\x1a"
    "\x6b\xd5\x58\xf6\x02\x20\x49\x3c\x9e\x47\x29\x38\x56\x43\xd7\x82"
    "\x9c\x83\xa6\xf0\xda\xf5\x33\x9d\xa3\x0d\xcf\xb6\x1d\x0b\x4c\x7e"
    "\x41\xa1\x48\x99\xb5\x73";

/* On P-384. */
static const char p384_private[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDCbJY/8ya6aP4JoTxKL\n"
    "LD1UuMviVQV6bYweKarqTXOaT3IbAB+xBf5rbh1LE/j+i4ihZANiAATaWiBQ9UZ2\n"
    "bSEqVcxg1HCU2uxcw1T+4oVzwSlxItWc/qoC+4XY5Cb4aTGsD6XTZQQf/r7vUP9P\n"
    "Gikt3WtmHw1mxusU4kiNiR/QdnWWxGuDKz+Q/6zyG05Mex31FQW0Isw=\n"
    "-----END PRIVATE KEY-----\n";

#endif
