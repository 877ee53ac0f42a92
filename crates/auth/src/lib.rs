//! Microsoft Entra ID access tokens: acquire, cache, renew, diagnose.
