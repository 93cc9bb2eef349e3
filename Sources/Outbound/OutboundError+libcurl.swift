import CLibCurl

extension OutboundError {
    /// The error that a code of libcurl means; nil if all went well.
    ///
    /// libcurl's own texts of an error may hold the host, so only those of its codes are used.
    init?(_ code: CURLcode) {
        switch code {
        case CURLE_OK: return nil
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL:
            self.init(.invalidRequest, "the address is malformed", isRetriable: false)
        case CURLE_COULDNT_RESOLVE_HOST: self.init(.cannotResolve, "the host's name cannot be resolved")
        case CURLE_COULDNT_RESOLVE_PROXY: self.init(.proxy, "the proxy's name cannot be resolved")
        case CURLE_PROXY: self.init(.proxy, "the proxy refuses the connection")
        case CURLE_COULDNT_CONNECT: self.init(.cannotConnect, "the connection is refused or the host cannot be reached")
        case CURLE_GOT_NOTHING, CURLE_RECV_ERROR, CURLE_PARTIAL_FILE, CURLE_HTTP2, CURLE_HTTP2_STREAM:
            self.init(.cannotConnect, "the connection ended before the response")
        case CURLE_OPERATION_TIMEDOUT: self.init(.timedOut, "the time limit passed")
        case CURLE_SSL_CONNECT_ERROR: self.init(.tls, "the TLS handshake failed")
        case CURLE_PEER_FAILED_VERIFICATION: self.init(.tls, "the certificate is not trusted")
        case CURLE_SSL_CACERT_BADFILE:
            self.init(.tls, "the file of trusted certificates cannot be read", isRetriable: false)
        case CURLE_LOGIN_DENIED:
            self.init(.refused, "the server does not accept the user's name and password", isRetriable: false)
        case CURLE_USE_SSL_FAILED: self.init(.tls, "the server offers no STARTTLS", isRetriable: false)
        default: self.init(.other, "libcurl: \(String(cString: curl_easy_strerror(code)))")
        }
    }
}
