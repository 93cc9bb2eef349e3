-- Identity: what makes two leads the same.
--
-- Swift (RoutingRules) computes the same bytes; Tests/Fixtures/identity-vectors.json is tested against both. "White space" is space,
-- tab, LF, VT, FF, CR and U+00A0 throughout.
--
--   All kinds   trim white space; empty: no identity.
--   email       NFC; lower case (below). Exactly one "@" with text on both sides and no white space, else none. Domain
--               googlemail.com becomes gmail.com; for gmail.com the local part loses everything from the first "+" and all
--               dots; if nothing is left: none.
--   phone       Remove an extension: one of x, #, ext, ext., ;ext= (any case), optional white space, digits, at the end. Remove
--               every "(0)". Keep ASCII digits. Remove one leading "00". If 11 digits begin with 1, remove the 1. 7 to 15 digits
--               that are not all the same, else none.
--   company     NFC; lower case. "&" becomes " and "; . ' and ’ are removed; every other ASCII punctuation mark becomes a space;
--               runs of white space become one space; trim. While the last of several words is one of inc incorporated llc ltd
--               limited corp corporation co company gmbh ag sa sarl srl spa plc bv nv oy ab as pty kg llp lp, remove it. Empty,
--               or one of "n a", na, none, null, nil, unknown, tbd, "no company", "not applicable", "not available",
--               "not provided": none, because that is how forms spell an empty field.
--   lower case  Each code point by itself, full mapping, no context and no language: "Σ" is always "σ", "İ" is "i̇".
--   identity    sha256 of the UTF-8 bytes of kind, ":", normalised value: the kind is included, so that a phone number never equals
--               a company name.
--
-- A lead claims its email and its phone; the company name only if it has neither. The first of them is its strongest identity.

CREATE OR REPLACE FUNCTION switchyard.lower_by_character(p_text text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = ''
AS $$
BEGIN
    IF octet_length(p_text) = length(p_text) THEN
        RETURN lower(p_text COLLATE "C");
    END IF;
    RETURN (
        SELECT string_agg(lower(c.ch COLLATE "und-x-icu"), '' ORDER BY c.place)
        FROM pg_catalog.regexp_split_to_table(p_text, '') WITH ORDINALITY c (ch, place)
    );
END
$$;
COMMENT ON FUNCTION switchyard.lower_by_character(text) IS
    'Lower case of each code point by itself; gives the same result as Swift''s scalar mapping.';

CREATE OR REPLACE FUNCTION switchyard.normalised_identity(p_kind text, p_value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = ''
AS $$
DECLARE
    c_space constant text := E' \t\n\x0b\x0c\r\u00a0';
    c_legal constant text[] := ARRAY['inc', 'incorporated', 'llc', 'ltd', 'limited', 'corp', 'corporation', 'co',
        'company', 'gmbh', 'ag', 'sa', 'sarl', 'srl', 'spa', 'plc', 'bv', 'nv', 'oy', 'ab', 'as', 'pty', 'kg', 'llp', 'lp'];
    c_blank constant text[] := ARRAY['', 'n a', 'na', 'none', 'null', 'nil', 'unknown', 'tbd', 'no company', 'not applicable',
        'not available', 'not provided'];
    v text := btrim(p_value, c_space);
    v_local text;
    v_domain text;
    v_words text[];
BEGIN
    IF v IS NULL OR v = '' THEN
        RETURN NULL;
    END IF;

    IF p_kind = 'phone' THEN
        v := regexp_replace(v, '(x|#|ext|ext\.|;ext=)[ \t\n\x0b\x0c\r\u00a0]*[0-9]+$', '', 'i');
        v := regexp_replace(replace(v, '(0)', ''), '[^0-9]', '', 'g');
        IF v LIKE '00%' THEN
            v := substr(v, 3);
        END IF;
        IF length(v) = 11 AND v LIKE '1%' THEN
            v := substr(v, 2);
        END IF;
        IF length(v) < 7 OR length(v) > 15 OR v = repeat(left(v, 1), length(v)) THEN
            RETURN NULL;
        END IF;
        RETURN v;
    END IF;

    IF octet_length(v) <> length(v) THEN
        v := normalize(v, NFC);
    END IF;
    v := switchyard.lower_by_character(v);

    IF p_kind = 'email' THEN
        IF translate(v, c_space, '') <> v OR length(v) - length(replace(v, '@', '')) <> 1 THEN
            RETURN NULL;
        END IF;
        v_local := split_part(v, '@', 1);
        v_domain := split_part(v, '@', 2);
        IF v_domain = 'googlemail.com' THEN
            v_domain := 'gmail.com';
        END IF;
        IF v_domain = 'gmail.com' THEN
            v_local := replace(split_part(v_local, '+', 1), '.', '');
        END IF;
        IF v_local = '' OR v_domain = '' THEN
            RETURN NULL;
        END IF;
        RETURN v_local || '@' || v_domain;
    END IF;

    IF p_kind = 'company' THEN
        v := translate(replace(v, '&', ' and '), E'.\'\u2019', '');
        v := translate(v, E'!"#$%()*+,-/:;<=>?@[\\]^_`{|}~\t\n\x0b\x0c\r\u00a0', repeat(' ', 40));
        v_words := array_remove(string_to_array(v, ' '), '');
        WHILE cardinality(v_words) > 1 AND v_words[cardinality(v_words)] = ANY (c_legal) LOOP
            v_words := trim_array(v_words, 1);
        END LOOP;
        v := array_to_string(v_words, ' ');
        RETURN CASE WHEN v <> ALL (c_blank) THEN v END;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION switchyard.normalised_identity(text, text) IS
    'Email, phone or company name in the form by which duplicates are recognised; NULL if the value cannot serve as an identity.';

CREATE OR REPLACE FUNCTION switchyard.lead_identity(p_kind text, p_value text) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = ''
AS $$
BEGIN
    RETURN sha256(convert_to(p_kind || ':' || switchyard.normalised_identity(p_kind, p_value), 'UTF8'));
END
$$;
COMMENT ON FUNCTION switchyard.lead_identity(text, text) IS
    'The 32-byte digest by which duplicates are recognised, or NULL.';

CREATE OR REPLACE FUNCTION switchyard.lead_claims(p_email text, p_phone text, p_company_name text) RETURNS bytea[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = ''
AS $$
DECLARE
    v_claims bytea[] := array_remove(
        ARRAY[switchyard.lead_identity('email', p_email), switchyard.lead_identity('phone', p_phone)], NULL);
BEGIN
    IF cardinality(v_claims) = 0 THEN
        v_claims := array_remove(ARRAY[switchyard.lead_identity('company', p_company_name)], NULL);
    END IF;
    RETURN v_claims;
END
$$;
COMMENT ON FUNCTION switchyard.lead_claims(text, text, text) IS
    'The identities a lead claims, strongest first: email and phone, or the company name when it has neither.';

CREATE OR REPLACE FUNCTION public.generate_dedupe_hash(p_email text, p_phone text, p_company_name text) RETURNS varchar(64)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = ''
AS $$
BEGIN
    RETURN encode((switchyard.lead_claims(p_email, p_phone, p_company_name))[1], 'hex');
END
$$;
COMMENT ON FUNCTION public.generate_dedupe_hash(text, text, text) IS
    'SHA-256 in hex of the strongest identity of a lead; NULL when it has none.';
