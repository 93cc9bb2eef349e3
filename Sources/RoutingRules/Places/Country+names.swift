extension Country {
    /// Every country of ISO 3166-1, a line each: alpha-2 code, alpha-3 code, English name, other names in use.
    static let lines = """
        AD|AND|Andorra
        AE|ARE|United Arab Emirates|UAE|U.A.E.|Emirates
        AF|AFG|Afghanistan
        AG|ATG|Antigua and Barbuda
        AI|AIA|Anguilla
        AL|ALB|Albania
        AM|ARM|Armenia
        AO|AGO|Angola
        AQ|ATA|Antarctica
        AR|ARG|Argentina
        AS|ASM|American Samoa
        AT|AUT|Austria|Österreich
        AU|AUS|Australia
        AW|ABW|Aruba
        AX|ALA|Åland Islands|Aland Islands
        AZ|AZE|Azerbaijan
        BA|BIH|Bosnia and Herzegovina|Bosnia
        BB|BRB|Barbados
        BD|BGD|Bangladesh
        BE|BEL|Belgium|België|Belgique
        BF|BFA|Burkina Faso
        BG|BGR|Bulgaria
        BH|BHR|Bahrain
        BI|BDI|Burundi
        BJ|BEN|Benin
        BL|BLM|Saint Barthélemy|Saint Barthelemy
        BM|BMU|Bermuda
        BN|BRN|Brunei|Brunei Darussalam
        BO|BOL|Bolivia|Bolivia, Plurinational State of
        BQ|BES|Caribbean Netherlands
        BR|BRA|Brazil|Brasil
        BS|BHS|Bahamas|The Bahamas
        BT|BTN|Bhutan
        BV|BVT|Bouvet Island
        BW|BWA|Botswana
        BY|BLR|Belarus
        BZ|BLZ|Belize
        CA|CAN|Canada
        CC|CCK|Cocos Islands
        CD|COD|Democratic Republic of the Congo|DR Congo|DRC|Congo-Kinshasa|Congo (Kinshasa)
        CF|CAF|Central African Republic
        CG|COG|Republic of the Congo|Congo|Congo-Brazzaville|Congo (Brazzaville)
        CH|CHE|Switzerland|Schweiz|Suisse|Svizzera
        CI|CIV|Ivory Coast|Côte d'Ivoire|Cote d'Ivoire
        CK|COK|Cook Islands
        CL|CHL|Chile
        CM|CMR|Cameroon
        CN|CHN|China|People's Republic of China|PRC|Mainland China
        CO|COL|Colombia
        CR|CRI|Costa Rica
        CU|CUB|Cuba
        CV|CPV|Cabo Verde|Cape Verde
        CW|CUW|Curaçao|Curacao
        CX|CXR|Christmas Island
        CY|CYP|Cyprus
        CZ|CZE|Czechia|Czech Republic|Česko
        DE|DEU|Germany|Deutschland|Federal Republic of Germany
        DJ|DJI|Djibouti
        DK|DNK|Denmark|Danmark
        DM|DMA|Dominica
        DO|DOM|Dominican Republic
        DZ|DZA|Algeria
        EC|ECU|Ecuador
        EE|EST|Estonia
        EG|EGY|Egypt
        EH|ESH|Western Sahara
        ER|ERI|Eritrea
        ES|ESP|Spain|España|Espana
        ET|ETH|Ethiopia
        FI|FIN|Finland|Suomi
        FJ|FJI|Fiji
        FK|FLK|Falkland Islands|Malvinas
        FM|FSM|Micronesia|Federated States of Micronesia
        FO|FRO|Faroe Islands
        FR|FRA|France
        GA|GAB|Gabon
        GB|GBR|United Kingdom|UK|U.K.|Great Britain|Britain|United Kingdom of Great Britain and Northern Ireland|England|Scotland|Wales|Northern Ireland
        GD|GRD|Grenada
        GE|GEO|Georgia
        GF|GUF|French Guiana
        GG|GGY|Guernsey
        GH|GHA|Ghana
        GI|GIB|Gibraltar
        GL|GRL|Greenland
        GM|GMB|Gambia|The Gambia
        GN|GIN|Guinea
        GP|GLP|Guadeloupe
        GQ|GNQ|Equatorial Guinea
        GR|GRC|Greece|Hellas|Ελλάδα
        GS|SGS|South Georgia and the South Sandwich Islands
        GT|GTM|Guatemala
        GU|GUM|Guam
        GW|GNB|Guinea-Bissau
        GY|GUY|Guyana
        HK|HKG|Hong Kong|Hong Kong SAR|Hong Kong SAR China
        HM|HMD|Heard Island and McDonald Islands
        HN|HND|Honduras
        HR|HRV|Croatia
        HT|HTI|Haiti
        HU|HUN|Hungary|Magyarország
        ID|IDN|Indonesia
        IE|IRL|Ireland|Republic of Ireland|Éire
        IL|ISR|Israel
        IM|IMN|Isle of Man
        IN|IND|India|Bharat|भारत
        IO|IOT|British Indian Ocean Territory
        IQ|IRQ|Iraq
        IR|IRN|Iran|Iran, Islamic Republic of|Islamic Republic of Iran
        IS|ISL|Iceland
        IT|ITA|Italy|Italia
        JE|JEY|Jersey
        JM|JAM|Jamaica
        JO|JOR|Jordan
        JP|JPN|Japan|Nippon|日本
        KE|KEN|Kenya
        KG|KGZ|Kyrgyzstan
        KH|KHM|Cambodia
        KI|KIR|Kiribati
        KM|COM|Comoros
        KN|KNA|Saint Kitts and Nevis
        KP|PRK|North Korea|Democratic People's Republic of Korea|Korea, North
        KR|KOR|South Korea|Korea|Republic of Korea|Korea, Republic of|Korea, South
        KW|KWT|Kuwait
        KY|CYM|Cayman Islands
        KZ|KAZ|Kazakhstan
        LA|LAO|Laos|Lao People's Democratic Republic
        LB|LBN|Lebanon
        LC|LCA|Saint Lucia
        LI|LIE|Liechtenstein
        LK|LKA|Sri Lanka
        LR|LBR|Liberia
        LS|LSO|Lesotho
        LT|LTU|Lithuania
        LU|LUX|Luxembourg
        LV|LVA|Latvia
        LY|LBY|Libya
        MA|MAR|Morocco
        MC|MCO|Monaco
        MD|MDA|Moldova|Republic of Moldova
        ME|MNE|Montenegro
        MF|MAF|Saint Martin
        MG|MDG|Madagascar
        MH|MHL|Marshall Islands
        MK|MKD|North Macedonia|Macedonia
        ML|MLI|Mali
        MM|MMR|Myanmar|Burma
        MN|MNG|Mongolia
        MO|MAC|Macao|Macau|Macao SAR China
        MP|MNP|Northern Mariana Islands
        MQ|MTQ|Martinique
        MR|MRT|Mauritania
        MS|MSR|Montserrat
        MT|MLT|Malta
        MU|MUS|Mauritius
        MV|MDV|Maldives
        MW|MWI|Malawi
        MX|MEX|Mexico|México
        MY|MYS|Malaysia
        MZ|MOZ|Mozambique
        NA|NAM|Namibia
        NC|NCL|New Caledonia
        NE|NER|Niger
        NF|NFK|Norfolk Island
        NG|NGA|Nigeria
        NI|NIC|Nicaragua
        NL|NLD|Netherlands|The Netherlands|Holland|Nederland
        NO|NOR|Norway|Norge
        NP|NPL|Nepal
        NR|NRU|Nauru
        NU|NIU|Niue
        NZ|NZL|New Zealand|Aotearoa
        OM|OMN|Oman
        PA|PAN|Panama|Panamá
        PE|PER|Peru|Perú
        PF|PYF|French Polynesia
        PG|PNG|Papua New Guinea
        PH|PHL|Philippines|The Philippines
        PK|PAK|Pakistan
        PL|POL|Poland|Polska
        PM|SPM|Saint Pierre and Miquelon
        PN|PCN|Pitcairn
        PR|PRI|Puerto Rico
        PS|PSE|Palestine|State of Palestine|Palestinian Territories
        PT|PRT|Portugal
        PW|PLW|Palau
        PY|PRY|Paraguay
        QA|QAT|Qatar
        RE|REU|Réunion|Reunion
        RO|ROU|Romania|România
        RS|SRB|Serbia
        RU|RUS|Russia|Russian Federation
        RW|RWA|Rwanda
        SA|SAU|Saudi Arabia|KSA
        SB|SLB|Solomon Islands
        SC|SYC|Seychelles
        SD|SDN|Sudan
        SE|SWE|Sweden|Sverige
        SG|SGP|Singapore
        SH|SHN|Saint Helena
        SI|SVN|Slovenia
        SJ|SJM|Svalbard and Jan Mayen
        SK|SVK|Slovakia
        SL|SLE|Sierra Leone
        SM|SMR|San Marino
        SN|SEN|Senegal
        SO|SOM|Somalia
        SR|SUR|Suriname
        SS|SSD|South Sudan
        ST|STP|São Tomé and Príncipe|Sao Tome and Principe
        SV|SLV|El Salvador
        SX|SXM|Sint Maarten
        SY|SYR|Syria|Syrian Arab Republic
        SZ|SWZ|Eswatini|Swaziland
        TC|TCA|Turks and Caicos Islands
        TD|TCD|Chad
        TF|ATF|French Southern Territories
        TG|TGO|Togo
        TH|THA|Thailand
        TJ|TJK|Tajikistan
        TK|TKL|Tokelau
        TL|TLS|Timor-Leste|East Timor
        TM|TKM|Turkmenistan
        TN|TUN|Tunisia
        TO|TON|Tonga
        TR|TUR|Turkey|Türkiye|Turkiye
        TT|TTO|Trinidad and Tobago|Trinidad
        TV|TUV|Tuvalu
        TW|TWN|Taiwan|Taiwan, Province of China|Republic of China
        TZ|TZA|Tanzania|United Republic of Tanzania
        UA|UKR|Ukraine|Україна
        UG|UGA|Uganda
        UM|UMI|US Minor Outlying Islands
        US|USA|United States|United States of America|The United States|America|U.S.|U.S.A.|US of A|Estados Unidos|EE. UU.
        UY|URY|Uruguay
        UZ|UZB|Uzbekistan
        VA|VAT|Vatican City|Holy See|Vatican
        VC|VCT|Saint Vincent and the Grenadines
        VE|VEN|Venezuela|Venezuela, Bolivarian Republic of
        VG|VGB|British Virgin Islands|Virgin Islands, British
        VI|VIR|US Virgin Islands|Virgin Islands, U.S.|U.S. Virgin Islands
        VN|VNM|Vietnam|Viet Nam
        VU|VUT|Vanuatu
        WF|WLF|Wallis and Futuna
        WS|WSM|Samoa
        YE|YEM|Yemen
        YT|MYT|Mayotte
        ZA|ZAF|South Africa|RSA
        ZM|ZMB|Zambia
        ZW|ZWE|Zimbabwe
        """
}
