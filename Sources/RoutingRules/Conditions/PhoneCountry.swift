/// The country of a phone number, by its calling code.
enum PhoneCountry {
    /// The ISO code of the country that a number written with its calling code belongs to.
    ///
    /// `+` or `00` in front says that a calling code follows; so do the eleven digits of North America that begin with
    /// 1. A number in national notation belongs to the country of the lead, which only matters to the ten digits of
    /// North America: for every other, nil. Behind +1 the area code decides; codes that several countries share, and
    /// whose numbers do not tell them apart, are the largest country's (+44 without Guernsey, Jersey and Man is GB, +39
    /// is IT, +262 is RE, +590 is GP).
    ///
    /// - Parameters:
    ///   - number: the number as written.
    ///   - country: the place in `Country.all` of the lead's own country.
    /// - Returns: the code, or nil for a number that does not tell, toll-free ones among them.
    static func code(of number: String, country: Int?) -> String? {
        let text = CanonicalText.trimmed(number)
        let isMarked = text.hasPrefix("+") || text.hasPrefix("00") || text.hasPrefix("(+")
        guard let identity = PhoneNumber.normalised(String(text)) else { return nil }
        let original = digitCount(text)
        // The identity drops the 1 of eleven digits.
        if identity.count == 10, original == (text.hasPrefix("00") ? 13 : 11), isMarked || isNorthAmerican(identity) {
            return northAmerican(identity)
        }
        if isMarked { return international(identity) }
        guard identity.count == 10, original == 10, isNorthAmerican(identity), let country,
            sharedByNorthAmerica.contains(Country.all[country].code)
        else { return nil }
        return northAmerican(identity)
    }

    private static func digitCount(_ text: Substring) -> Int {
        // An extension is no part of the number.
        let end = text.firstIndex { $0 == "x" || $0 == "X" || $0 == "e" || $0 == "E" || $0 == "#" || $0 == ";" }
        return text[..<(end ?? text.endIndex)].utf8.count { (0x30...0x39).contains($0) }
    }

    /// Whether ten digits can be a number of North America: neither area nor exchange begins with 0 or 1.
    private static func isNorthAmerican(_ digits: [UInt8]) -> Bool {
        digits.count == 10 && digits[0] >= UInt8(ascii: "2") && digits[3] >= UInt8(ascii: "2")
    }

    private static func northAmerican(_ digits: [UInt8]) -> String? {
        let area = Int(digits[0] - 0x30) * 100 + Int(digits[1] - 0x30) * 10 + Int(digits[2] - 0x30)
        if nonGeographic.contains(area) { return nil }
        return areas[area] ?? "US"
    }

    private static func international(_ digits: [UInt8]) -> String? {
        for length in stride(from: min(7, digits.count), through: 1, by: -1) {
            let code = digits[..<length].reduce(0) { $0 * 10 + Int($1 - 0x30) }
            if let country = codes[code] { return country }
        }
        return nil
    }

    private static let sharedByNorthAmerica = Set(areas.values).union(["US"])

    /// Area codes of the North American Numbering Plan that nobody lives in: toll-free, premium, personal.
    private static let nonGeographic: Set<Int> = [
        500, 521, 522, 523, 524, 525, 526, 527, 528, 529, 532, 533, 535, 538, 542, 543, 544, 545, 546, 547, 549, 550,
        552,
        553, 554, 556, 558, 566, 569, 577, 578, 588, 589, 700, 710, 800, 822, 833, 844, 855, 866, 877, 888, 900,
    ]

    /// The area codes behind +1 that are not of the United States.
    private static let areas = table(
        """
        CA 204 226 236 249 250 257 263 289 306 343 354 365 367 368 382 403 416 418 428 431 437 438 450 468 474 506
        CA 514 519 548 579 581 584 587 600 604 613 622 639 647 672 683 705 709 742 753 778 780 782 807 819 825 867 873
        CA 879 902 905 942
        BS 242
        BB 246
        AI 264
        AG 268
        VG 284
        VI 340
        KY 345
        BM 441
        GD 473
        TC 649
        JM 658 876
        MS 664
        MP 670
        GU 671
        AS 684
        SX 721
        LC 758
        DM 767
        VC 784
        PR 787 939
        DO 809 829 849
        TT 868
        KN 869
        """
    )

    /// Calling codes, and the beginnings of numbers that tell countries with the same code apart.
    private static let codes = table(
        """
        EG 20
        SS 211
        MA 212
        DZ 213
        TN 216
        LY 218
        GM 220
        SN 221
        MR 222
        ML 223
        GN 224
        CI 225
        BF 226
        NE 227
        TG 228
        BJ 229
        MU 230
        LR 231
        SL 232
        GH 233
        NG 234
        TD 235
        CF 236
        CM 237
        CV 238
        ST 239
        GQ 240
        GA 241
        CG 242
        CD 243
        AO 244
        GW 245
        IO 246
        SH 247 290
        SC 248
        SD 249
        RW 250
        ET 251
        SO 252
        DJ 253
        KE 254
        TZ 255
        UG 256
        BI 257
        MZ 258
        ZM 260
        MG 261
        RE 262
        YT 262269 262639
        ZW 263
        NA 264
        MW 265
        LS 266
        BW 267
        SZ 268
        KM 269
        ZA 27
        ER 291
        AW 297
        FO 298
        GL 299
        GR 30
        NL 31
        BE 32
        FR 33
        ES 34
        GI 350
        PT 351
        LU 352
        IE 353
        IS 354
        AL 355
        MT 356
        CY 357
        FI 358
        AX 35818
        BG 359
        HU 36
        LT 370
        LV 371
        EE 372
        MD 373
        AM 374
        BY 375
        AD 376
        MC 377
        SM 378
        VA 379 3906698
        UA 380
        RS 381
        ME 382
        HR 385
        SI 386
        BA 387
        MK 389
        IT 39
        RO 40
        CH 41
        CZ 420
        SK 421
        LI 423
        AT 43
        GB 44
        GG 441481
        JE 441534
        IM 441624
        DK 45
        SE 46
        NO 47
        SJ 4779
        PL 48
        DE 49
        FK 500
        BZ 501
        GT 502
        SV 503
        HN 504
        NI 505
        CR 506
        PA 507
        PM 508
        HT 509
        PE 51
        MX 52
        CU 53
        AR 54
        BR 55
        CL 56
        CO 57
        VE 58
        GP 590
        BO 591
        GY 592
        EC 593
        GF 594
        PY 595
        MQ 596
        SR 597
        UY 598
        CW 5999
        BQ 599
        MY 60
        AU 61
        CC 6189162
        CX 6189164
        ID 62
        PH 63
        NZ 64
        SG 65
        TH 66
        TL 670
        NF 6723
        AQ 6721
        BN 673
        NR 674
        PG 675
        TO 676
        SB 677
        VU 678
        FJ 679
        PW 680
        WF 681
        CK 682
        NU 683
        WS 685
        KI 686
        NC 687
        TV 688
        PF 689
        TK 690
        FM 691
        MH 692
        RU 7
        KZ 76 77
        JP 81
        KR 82
        VN 84
        KP 850
        HK 852
        MO 853
        KH 855
        LA 856
        CN 86
        BD 880
        TW 886
        TR 90
        IN 91
        PK 92
        AF 93
        LK 94
        MM 95
        MV 960
        LB 961
        JO 962
        SY 963
        IQ 964
        KW 965
        SA 966
        YE 967
        OM 968
        PS 970
        AE 971
        IL 972
        BH 973
        QA 974
        BT 975
        MN 976
        NP 977
        IR 98
        TJ 992
        TM 993
        AZ 994
        GE 995
        KG 996
        UZ 998
        """
    )

    private static func table(_ lines: String) -> [Int: String] {
        var table: [Int: String] = [:]
        for line in lines.split(separator: "\n") {
            let parts = line.split(separator: " ")
            for part in parts.dropFirst() {
                if let code = Int(part) { table[code] = String(parts[0]) }
            }
        }
        return table
    }
}

extension Lead {
    /// The ISO code of the country of its phone number.
    var phoneCountry: String? {
        guard let phone else { return nil }
        let country = location?.country.flatMap { FoldedText.withBytes(of: $0, Country.index(ofFolded:)) }
        return PhoneCountry.code(of: phone, country: country)
    }
}
