package report_test
import ("testing";"os";"telltale/audit/report";"bytes")
func TestShow(t *testing.T){
 c:=fixture()
 for _,r:=range []bool{false,true}{ c.Reveal=r
 var b bytes.Buffer
 if err:=report.HTML(&b,c);err!=nil{t.Fatal(err)}
 n:="/tmp/r5/masked.html"; if r {n="/tmp/r5/clear.html"}
 os.WriteFile(n,b.Bytes(),0o600)}
 report.Text(os.Stdout,c,report.TextOptions{})
 t.Log(len(c.Exhibits),len(c.Findings))
}
