/// Domains of services that give e-mail addresses to anybody: an address there says nothing about a company.
enum FreeMail {
    /// Whether a folded domain is one of them.
    static func contains(_ domain: UnsafeBufferPointer<UInt8>) -> Bool { table.number(of: domain) != nil }

    private static let table: ValueTable = {
        var table = ValueTable()
        for (index, domain) in domains.split(whereSeparator: { $0 == " " || $0 == "\n" }).enumerated() {
            table.insert(Array(domain.utf8), number: index)
        }
        return table
    }()

    private static let domains = """
        gmail.com googlemail.com outlook.com outlook.de outlook.fr outlook.es outlook.it outlook.jp outlook.com.br
        hotmail.com hotmail.co.uk hotmail.fr hotmail.de hotmail.it hotmail.es hotmail.nl hotmail.be hotmail.ca
        live.com live.co.uk live.fr live.de live.nl live.it live.ca live.com.au live.se live.dk live.no msn.com
        passport.com windowslive.com yahoo.com yahoo.co.uk yahoo.fr yahoo.de yahoo.it yahoo.es yahoo.ca yahoo.com.br
        yahoo.com.au yahoo.co.in yahoo.in yahoo.co.jp yahoo.com.mx yahoo.com.ar yahoo.com.sg yahoo.com.hk yahoo.com.tw
        yahoo.com.ph yahoo.co.id yahoo.com.vn yahoo.ie yahoo.se ymail.com rocketmail.com myyahoo.com aol.com aol.co.uk
        aol.de aol.fr aim.com icloud.com me.com mac.com privaterelay.appleid.com proton.me protonmail.com
        protonmail.ch pm.me tutanota.com tutanota.de tuta.io tuta.com tutamail.com keemail.me gmx.com gmx.net gmx.de
        gmx.at gmx.ch gmx.us gmx.co.uk gmx.fr web.de t-online.de freenet.de arcor.de mail.de email.de posteo.de
        posteo.net mailbox.org mail.com email.com usa.com consultant.com post.com engineer.com myself.com
        zoho.com zohomail.com zohomail.eu yandex.com yandex.ru ya.ru yandex.by yandex.kz yandex.ua mail.ru inbox.ru
        list.ru bk.ru internet.ru rambler.ru qq.com foxmail.com 163.com 126.com yeah.net sina.com sina.cn sohu.com
        139.com 189.cn aliyun.com tom.com naver.com daum.net hanmail.net nate.com kakao.com rediffmail.com
        orange.fr wanadoo.fr free.fr laposte.net sfr.fr neuf.fr bbox.fr libero.it virgilio.it alice.it tin.it
        tiscali.it fastwebnet.it email.it bluewin.ch hispeed.ch telenet.be skynet.be ziggo.nl kpnmail.nl planet.nl
        home.nl hetnet.nl xs4all.nl btinternet.com btopenworld.com sky.com talktalk.net virginmedia.com ntlworld.com
        blueyonder.co.uk tiscali.co.uk eircom.net telia.com comhem.se seznam.cz centrum.cz email.cz post.cz wp.pl o2.pl
        onet.pl interia.pl op.pl poczta.onet.pl gazeta.pl freemail.hu citromail.hu abv.bg mail.bg ukr.net i.ua
        meta.ua sapo.pt terra.com.br uol.com.br bol.com.br ig.com.br globo.com r7.com terra.com prodigy.net.mx
        comcast.net verizon.net att.net sbcglobal.net bellsouth.net charter.net cox.net earthlink.net juno.com
        netzero.net optonline.net roadrunner.com rr.com frontier.com windstream.net centurylink.net embarqmail.com
        rogers.com sympatico.ca shaw.ca telus.net videotron.ca bigpond.com bigpond.net.au optusnet.com.au iinet.net.au
        xtra.co.nz fastmail.com fastmail.fm hushmail.com hush.com lycos.com excite.com inbox.com mail2world.com
        hey.com duck.com runbox.com disroot.org riseup.net simplelogin.com mailfence.com startmail.com
        """
}
